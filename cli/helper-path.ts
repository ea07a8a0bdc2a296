import { programFiles } from "../recorder/helper-file.js";
import type { World } from "./command.js";

/** The helper beside the bundle; FLAMELINE_HELPER names another, for tests and for packagers. */
export function helperPathOf(world: World): string {
  return world.env["FLAMELINE_HELPER"] ?? programFiles(world.programFolder).helperPath;
}
