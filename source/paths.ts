/**
 * Arithmetic on absolute POSIX paths, which is what the recorded side always has: recordings are made on Linux. Windows drive letters in
 * a recorded path (a profile from elsewhere) are kept as an ordinary first part. No file is touched.
 */

/** `/a/./b/../c//d` → `/a/c/d`; `..` never climbs above the root. */
export function normalize(path: string): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") {
      continue;
    }
    if (part !== "..") {
      parts.push(part);
    } else if (parts.length > 0 && parts.at(-1) !== "..") {
      parts.pop();
    } else if (!absolute) {
      parts.push(part);
    }
  }
  return (absolute ? "/" : "") + parts.join("/");
}

/** `path` seen from `folder`: an absolute path stays as it is. */
export function resolve(folder: string, path: string): string {
  return normalize(path.startsWith("/") ? path : `${folder}/${path}`);
}

/** The last part of the path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder of the path; "/" at the root, "" for a bare name. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at > 0 ? path.slice(0, at) : path.startsWith("/") ? "/" : "";
}

/** Whether `path` is `folder` or lies below it; both normalized. */
export function isInside(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** The part of `path` below `folder`, without a leading slash; undefined when it lies elsewhere. */
export function below(path: string, folder: string): string | undefined {
  const prefix = folder.endsWith("/") ? folder : `${folder}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}
