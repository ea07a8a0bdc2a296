import { recordedCell } from "../notebook-cells.js";
import type { PathRule } from "./place.js";

/** A cell of a notebook is no file: its text tells which one it is. */
export const notebookCell: PathRule = {
  name: "notebook cell",
  find: ({ file }) => Promise.resolve(recordedCell(file)),
};
