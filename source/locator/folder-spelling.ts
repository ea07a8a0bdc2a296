import { below, isInside } from "../paths.js";
import type { World } from "./place.js";

/**
 * The path as the workspace spells it: `/data/shop/x.py` is `/home/me/shop/x.py` when the folder opened is a link to `/data/shop`, and
 * the other way round. Outside of the workspace the path stays as it is: package managers' links have meaning there.
 */
export async function folderSpelling(path: string, world: World): Promise<string> {
  if (world.folders.some((folder) => isInside(path, folder)) || path.startsWith("/proc/")) {
    return path;
  }
  const real = await world.files.realpath(path);
  let spelled = path;
  let longest = -1;
  for (const folder of world.folders) {
    const realFolder = await world.files.realpath(folder);
    const rest = below(real, realFolder);
    if (rest !== undefined && realFolder.length > longest) {
      spelled = folder === "/" ? `/${rest}` : `${folder}/${rest}`;
      longest = realFolder.length;
    }
  }
  return spelled;
}
