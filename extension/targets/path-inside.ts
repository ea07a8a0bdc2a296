import * as path from "node:path";

/** Whether `file` is `folder` or lies below it; both absolute. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return file !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}

export function isInsideAny(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isInside(file, folder));
}

/** Where the program text of a command line lies: the first argument that is no option, made absolute; "" if there is none. */
export function scriptOf(commandLine: readonly string[], workingDirectory: string): string {
  const script = commandLine.slice(1).find((argument) => !argument.startsWith("-"));
  return script === undefined ? "" : path.resolve(workingDirectory === "" ? "/" : workingDirectory, script);
}
