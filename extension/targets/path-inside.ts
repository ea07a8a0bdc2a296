import * as path from "node:path";

/** Whether `file` is `folder` or lies below it; both absolute. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return file !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}

export function isInsideAny(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isInside(file, folder));
}
