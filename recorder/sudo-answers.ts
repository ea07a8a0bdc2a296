/** What sudo says on stderr (with LC_ALL=C, sudo 1.8 to 1.9 and sudo-rs) when it does not run the command. */

export type SudoAnswer =
  /** `-n`: a password would be needed. */
  | "needs-password"
  | "wrong-password"
  /** The askpass program gave no password. */
  | "no-password"
  /** The user may not run this as root, whatever the password. */
  | "forbidden"
  | "needs-terminal"
  /** sudo itself is broken or refuses in some other way. */
  | "failed"
  /** sudo ran the command; what ended is the command. */
  | "ran";

/** Most telling first: after three wrong passwords sudo also says that one is required. */
const ANSWERS: readonly (readonly [RegExp, SudoAnswer])[] = [
  [
    /is not in the sudoers file|may not run sudo|is not allowed to (execute|run)|not permitted to run|I'm sorry .*\. I'm afraid I can't do that/,
    "forbidden",
  ],
  [/\d+ incorrect password attempts?|incorrect authentication attempts?|Maximum \d+ incorrect|maximum .*attempts/i, "wrong-password"],
  [/you must have a tty|a terminal is required to read the password/, "needs-terminal"],
  [/no password was provided/, "no-password"],
  [/a password is required|interactive authentication is required/, "needs-password"],
  [/^sudo(-rs)?: /m, "failed"],
];

/** Reads sudo's stderr after it ended with a status other than 0. */
export function readSudoAnswer(stderr: string): SudoAnswer {
  return ANSWERS.find(([pattern]) => pattern.test(stderr))?.[1] ?? "ran";
}

/** The last line that says something, without the program's own name before it and the stop after it, at most 200 characters. */
export function lastLine(text: string): string {
  const line = text.split("\n").findLast((candidate) => candidate.trim() !== "") ?? "";
  return line
    .trim()
    .replace(/^(sudo|flameline-helper): /, "")
    .replace(/[.:]$/, "")
    .slice(0, 200);
}
