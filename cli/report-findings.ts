/** What the analyses find in a profile, for `flameline report`. */
import { findIn } from "../analysis/findings.js";
import { functionCosts } from "../profile/cost.js";
import type { Recording } from "../profile/recording.js";
import type { Finding } from "../protocol/findings.js";
import type { Selection } from "../protocol/queries.js";
import { codeOwner } from "../source/owner.js";
import { plainFunctionName } from "./function-name.js";
import { percent } from "./numbers.js";
import { Places } from "./report-rows.js";
import { shortPath } from "./text-table.js";

/** The user's code is what lies in `folder`. */
export async function reportFindings(recording: Recording, selection: Selection, folder: string): Promise<readonly Finding[]> {
  const places = new Places(recording, folder);
  const { functions } = recording;
  const { total, sum } = functionCosts(recording, selection);
  const settings = { folders: [folder], include: [], exclude: [], justMyCode: true };
  const mine = new Set<number>();
  for (let fn = 0; fn < functions.length; fn++) {
    if ((total[fn] ?? 0) === 0) continue;
    const { file, recordedFile } = await places.of(fn, 0);
    const place = { path: file ?? undefined, recordedFile, functionName: functions.nameOf(fn), isInstalled: false };
    const owner = codeOwner({ ...place, language: functions.languageOf(fn), module: functions.moduleOf(fn) }, settings);
    if (owner === "mine") mine.add(fn);
  }
  return findIn(recording, selection, sum, {
    isMine: (fn) => mine.has(fn),
    placeOf: async (fn, recordedLine) => {
      const { file, line } = await places.of(fn, recordedLine);
      return {
        location: file === null ? null : { file, line: line ?? 1 },
        functionName: plainFunctionName(functions.labelOf(fn), functions.languageOf(fn)),
      };
    },
  });
}

/** As `--json` prints it: what only views need is left out. */
export function findingRow({ id, kind, title, share, places: [place], advice }: Finding) {
  return { id, kind, title, share, file: place?.location?.file ?? null, line: place?.location?.line ?? null, advice };
}

/** A paragraph with a line for each; "" without findings. */
export function findingsText(findings: readonly Finding[], cwd: string): string {
  const lines = findings.map(({ share, title, places: [place] }) => {
    const at = place?.location ? ` (${shortPath(place.location.file, cwd)}:${place.location.line})` : "";
    return `${percent(share)}: ${title}${at}.\n`;
  });
  return lines.length === 0 ? "" : `\nFindings\n${lines.join("")}`;
}
