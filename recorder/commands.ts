/** Shell commands that a user is told to run. */

/** Quotes a word for a POSIX shell; plain words stay as they are. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Starts the helper for the user who types it (sudo sets SUDO_UID). */
export function startCommand(helperPath: string): string {
  return `sudo ${shellQuote(helperPath)} serve`;
}

/** Starts the helper for user `uid` where that user has no sudo: for root's shell, so the uid is an argument. */
export function startCommandWithoutSudo(helperPath: string, uid: number): string {
  return `su -c ${shellQuote(`${shellQuote(helperPath)} serve --user ${uid}`)}`;
}
