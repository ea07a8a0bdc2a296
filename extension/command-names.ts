/** Every command of `package.json` by its name without "flameline."; a unit test compares the two. */
export const COMMAND_NAMES = [
  "profileWorkspace",
  "profileProcess",
  "profileCurrentFile",
  "profileForSeconds",
  "stop",
  "openFlameGraph",
  "openProfile",
  "export",
  "clearHeat",
  "toggleHeat",
  "toggleEndOfLine",
  "doctor",
  "installService",
  "removeService",
  "showLog",
  "showFunction",
  "openRecording",
  "renameRecording",
  "deleteRecording",
  "exportRecording",
  "showOnlyMine",
  "showAllCode",
  "showHottestLines",
  "showHottestFunctions",
] as const;

export type CommandName = (typeof COMMAND_NAMES)[number];
