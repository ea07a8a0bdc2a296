/**
 * A message as it is meant: VS Code draws `[text](command:…)` in one as a link that runs the command, and names of tests, files and
 * recordings are whatever a folder's author wrote.
 */
export function plainMessage(text: string): string {
  return text.replaceAll("](", "] (");
}
