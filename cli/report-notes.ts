/** What a reader of a report should know: code without symbols, and sources that are not those that ran. */
import type { Recording } from "../profile/recording.js";
import { type Failure, failureText } from "../recorder/failures.js";
import { nodeFiles } from "./node-files.js";
import type { ReportBy, ReportTable } from "./report-rows.js";

/** Share of the total from which a module without symbols is worth a line. */
const WORTH_SAYING = 0.05;
/** Rows whose files are looked at. */
const LOOKED_AT = 40;

export async function reportNotes(recording: Recording, table: ReportTable, by: ReportBy, folder: string): Promise<readonly string[]> {
  if (by === "process") return [];
  const failures: Failure[] = [];
  const modules = table.rows.filter(
    (row) => row.recordedFile === "" && /^\[.+\]$/.test(row.function) && row.language !== "kernel" && row.self > table.total * WORTH_SAYING,
  );
  if (modules.length > 0) failures.push({ kind: "no-symbols", modules: [...new Set(modules.map((row) => row.function.slice(1, -1)))] });
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
