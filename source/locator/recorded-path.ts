import { below, isInside, normalize, resolve } from "../paths.js";
import { firstFile, type PathRule, type RecordedPosition, type World } from "./place.js";

/** Absolute paths that exist here as they are. In a container the same path may be another file, so only a workspace path counts there. */
export const recordedPath: PathRule = {
  name: "recorded path",
  async find({ file, root }, world) {
    if (!file.startsWith("/")) {
      return undefined;
    }
    const path = normalize(file);
    if (inContainer(root) && !world.folders.some((folder) => isInside(path, folder))) {
      return undefined;
    }
    return firstFile(world, [path]);
  },
};

/** The user's pairs of folders; the longest `from` wins, and a pair may be given with or without a slash at its end. */
export const pathMapping: PathRule = {
  name: "path mapping",
  find({ file, workingDirectory }, world) {
    const path = file.startsWith("/") || workingDirectory === "" ? normalize(file) : resolve(workingDirectory, file);
    const candidates = world.pathMappings
      .toSorted((a, b) => b.from.length - a.from.length)
      .flatMap(({ from, to }) => {
        const rest = below(path, normalize(from));
        return rest === undefined ? [] : [resolve(normalize(to), rest)];
      });
    return firstFile(world, candidates);
  },
};

/** Relative paths: from the process's folder, from the folders above its executable (compilers record `src/main.rs`), from each workspace folder. */
export const workingDirectory: PathRule = {
  name: "working directory",
  find(position, world) {
    if (position.file.startsWith("/")) {
      return Promise.resolve(undefined);
    }
    return firstFile(world, relativeCandidates(position, world));
  },
};

function* relativeCandidates(position: RecordedPosition, world: World): Generator<string> {
  const { workingDirectory: folder, root } = position;
  if (folder.startsWith("/") && (!inContainer(root) || world.folders.some((candidate) => isInside(folder, candidate)))) {
    yield resolve(folder, position.file);
  }
  if (position.module.startsWith("/")) {
    const parts = normalize(position.module).split("/");
    for (let length = parts.length - 1; length > 1; length--) {
      const above = parts.slice(0, length).join("/");
      if (world.folders.some((candidate) => isInside(above, candidate))) {
        yield resolve(above, position.file);
      }
    }
  }
  for (const workspaceFolder of world.folders) {
    yield resolve(workspaceFolder, position.file);
  }
}

/** Files seen through `/proc/<pid>/root`: readable while the process lives. Asked after the workspace, which holds the user's own copy. */
export const containerRoot: PathRule = {
  name: "container root",
  find({ file, root, workingDirectory: folder }, world) {
    if (!inContainer(root)) {
      return Promise.resolve(undefined);
    }
    const path = resolve(folder === "" ? "/" : folder, file);
    return firstFile(world, [normalize(`${root}${path}`)]);
  },
};

/** Whether the process has another root folder than this machine. */
export function inContainer(root: string): boolean {
  return root !== "" && root !== "/";
}
