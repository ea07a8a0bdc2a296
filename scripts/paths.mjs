// Where things are, for the scripts.
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
