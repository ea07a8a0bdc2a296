/** Where source texts and folders are read from: the disk in the language server and the command, a map in tests. Paths are absolute. */
export interface Files {
  /** The text as UTF-8; undefined when it doesn't exist or can't be read. */
  readText(path: string): Promise<string | undefined>;
  stat(path: string): Promise<FileStatus | undefined>;
  /** The path without symbolic links; the path itself when it doesn't exist. */
  realpath(path: string): Promise<string>;
  /** Entries of a folder, symbolic links not followed; undefined when it isn't a readable folder. */
  list?(folder: string): Promise<readonly FolderEntry[] | undefined>;
}

interface FileStatus {
  /** ms since 1970. */
  readonly mtimeMs: number;
  /** Bytes. */
  readonly size: number;
  readonly isFile: boolean;
}

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}
