/** What a reader of a report should know: code without symbols, and sources that are not those that ran. */
import { basename } from "node:path";
import { functionCosts } from "../profile/cost.js";
import type { Recording } from "../profile/recording.js";
import type { EventName } from "../protocol/events.js";
import { type Failure, failureText } from "../recorder/failures.js";
import { nodeFiles } from "./node-files.js";
import type { ReportTable } from "./report-rows.js";

/** Share of the total from which a module without symbols is worth a line. */
const WORTH_SAYING = 0.05;
/** Rows whose files are looked at. */
const LOOKED_AT = 40;

export async function reportNotes(recording: Recording, table: ReportTable, event: EventName, folder: string): Promise<readonly string[]> {
  const failures: Failure[] = [];
  const modules = modulesWithoutSymbols(recording, event);
  if (modules.length > 0) failures.push({ kind: "no-symbols", modules });
  const files = new Set(table.rows.slice(0, LOOKED_AT).flatMap((row) => (row.file?.startsWith("/") === true ? [row.file] : [])));
  const [missing, changed]: [string[], string[]] = [[], []];
  // A file written after the run began is not surely the text that ran.
  const startMs = recording.info.startUnixMs;
  for (const file of files) {
    const status = await nodeFiles.stat(file);
    // Libraries are built from folders that never were on this machine; only the user's own are missed.
    if (status === undefined && file.startsWith(`${folder}/`)) missing.push(file);
    if (status !== undefined && startMs > 0 && status.mtimeMs > startMs) changed.push(file);
  }
  if (missing.length + changed.length > 0) failures.push({ kind: "sources-differ", missing, changed });
  return failures.map(failureText);
}

/** Modules, by file name, most of whose own cost is in code without a name. */
function modulesWithoutSymbols(recording: Recording, event: EventName): readonly string[] {
  const { functions } = recording;
  const costs = functionCosts(recording, { event });
  const modules = new Map<string, { named: number; nameless: number }>();
  for (const [fn, self] of costs.self.entries()) {
    const module = functions.moduleOf(fn);
    if (!module.startsWith("/")) continue;
    const sums = modules.get(module) ?? { named: 0, nameless: 0 };
    if (functions.nameOf(fn) === "") sums.nameless += self;
    else sums.named += self;
    modules.set(module, sums);
  }
  return [...modules]
    .filter(([, { named, nameless }]) => nameless > named && nameless > costs.sum * WORTH_SAYING)
    .map(([module]) => basename(module));
}
