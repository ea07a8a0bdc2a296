/** The fixes of all profiled files below a folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { calleesOf, findFixes, rulesOf } from "../analysis/optimize/find.js";
import type { Finding } from "../analysis/optimize/finding.js";
import { measureHeat } from "../analysis/optimize/heat.js";
import { processOf } from "../analysis/optimize/process-of.js";
import type { Recording } from "../profile/recording.js";
import type { ProcessRow } from "../protocol/helper.js";
import type { Selection } from "../protocol/queries.js";
import { carryLines } from "../source/carry.js";
import { createOutliner, type Outliner } from "../source/outline.js";
import { nodeFiles } from "./node-files.js";
import { Places } from "./report-rows.js";
import type { RunTexts } from "./run-texts.js";

export interface FileFindings {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly findings: readonly Finding[];
  /** The process that ran it. */
  readonly process: ProcessRow | undefined;
}

export interface FoundFixes {
  /** Files with findings, the one with the largest saving first. */
  readonly files: readonly FileFindings[];
  /** Why files were left out, one sentence each. */
  readonly notes: readonly string[];
  /** The syntax of a text by its path. */
  readonly syntax: Outliner["syntax"];
}

export interface FixWish {
  readonly selection: Selection;
  /** Only files below it are looked at, absolute. */
  readonly folder: string;
  /** Folder of the grammars. */
  readonly grammars: string;
  readonly texts: RunTexts;
}

export async function findAllFixes(recording: Recording, { selection, folder, grammars, texts }: FixWish): Promise<FoundFixes> {
  const rows = await rowsByFile(recording, folder);
  const outliner = await createOutliner({ readGrammar: (file) => readFile(join(grammars, file)) });
  const files: FileFindings[] = [];
  const notes: string[] = [];
  for (const [file, lineOfRow] of rows) {
    if (rulesOf(file).length === 0) continue;
    const ran = await texts.of(file);
    const text = await nodeFiles.readText(file);
    if (text === undefined || ran.kind === "absent") continue;
    if (ran.kind === "unknown") {
      notes.push(`${file} was written after the recording began, so its lines are not surely those that ran; record again.`);
      continue;
    }
    const carry = carryLines(ran.text, text);
    const found = await fixesOfFile(outliner, file, text, recording, selection, (row) => carry(lineOfRow.get(row) ?? 0) ?? 0);
    if (found === undefined) notes.push(`${file} has a part that doesn't parse, so no fix is looked for in it.`);
    else if (found.length > 0) {
      files.push({ file, text, findings: found, process: processOf(recording, selection, (row) => lineOfRow.has(row)) });
    }
  }
  notes.push(...outliner.problems);
  return {
    files: files.toSorted((a, b) => (b.findings[0]?.share ?? 0) - (a.findings[0]?.share ?? 0)),
    notes,
    syntax: outliner.syntax.bind(outliner),
  };
}

async function fixesOfFile(
  outliner: Outliner,
  file: string,
  text: string,
  recording: Recording,
  selection: Selection,
  lineOf: (row: number) => number,
): Promise<Finding[] | undefined> {
  const rules = rulesOf(file);
  const heat = measureHeat(recording, selection, lineOf, calleesOf(rules));
  return outliner.syntax(file, text, (root) => findFixes(root, heat, rules));
}

/** Of each file below the folder the line, 1-based, of the rows of `frames.lines` that are in it. */
async function rowsByFile(recording: Recording, folder: string): Promise<Map<string, Map<number, number>>> {
  const places = new Places(recording, folder);
  const { lines } = recording.frames;
  const files = new Map<string, Map<number, number>>();
  for (let row = 0; row < lines.length; row++) {
    const { file, line } = await places.of(lines.first.at(row), lines.second.at(row));
    if (file === null || line === null || !file.startsWith(`${folder}/`) || /\/(node_modules|site-packages)\//.test(file)) continue;
    const known = files.get(file) ?? new Map<number, number>();
    files.set(file, known.set(row, line));
  }
  return files;
}
