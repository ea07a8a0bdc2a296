import { rename, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { applyEdits, type Finding } from "../analysis/optimize/finding.js";
import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import type { ProofRecord } from "../protocol/fixes.js";
import { proveFix } from "../prover/prove-fix.js";
import { FlamelineError } from "../recorder/failures.js";
import { readArguments, readChoice, readNumber, readOperand } from "./arguments.js";
import { EXIT, UsageError, type World } from "./command.js";
import { type FileFindings, findAllFixes, type FoundFixes } from "./find-fixes.js";
import { listenForInterrupts } from "./interrupts.js";
import { nodeFiles } from "./node-files.js";
import { percent } from "./numbers.js";
import { Progress } from "./progress.js";
import { readProfile } from "./read-profile.js";
import { RunTexts } from "./run-texts.js";
import { shortPath } from "./text-table.js";

export interface FixRow {
  readonly file: FileFindings;
  readonly finding: Finding;
  readonly proof?: ProofRecord;
  readonly applied?: boolean;
  /** The branch that has it as a commit. */
  readonly committed?: string;
}

export async function runFix(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, {
    event: { type: "string" },
    prove: { type: "boolean" },
    apply: { type: "boolean" },
    commit: { type: "boolean" },
    budget: { type: "string" },
    json: { type: "boolean" },
  });
  const path = resolve(world.cwd, readOperand(given.operands, "the profile to read"));
  const event = readChoice<EventName>(given.text("event"), "event", Object.keys(EVENT_UNITS) as EventName[], "cpu");
  const budget = readNumber(given.text("budget"), "--budget", { from: 1, to: 86_400, whole: true }) ?? 180;
  if (given.flag("apply") && !given.flag("prove")) throw new UsageError("--apply goes with --prove: only what is proved is applied.");
  if (given.flag("commit") && !given.flag("prove")) throw new UsageError("--commit goes with --prove: only what is proved is committed.");
  if (given.flag("prove") && world.env["SUDO_UID"] !== undefined && process.getuid?.() === 0) {
    throw new UsageError("--prove runs your code, which is not to have root's rights: run it without sudo.");
  }
  const { recording, warnings } = await readProfile(path);
  const { files, notes, syntax } = await findAllFixes(recording, {
    selection: { event },
    folder: world.cwd,
    grammars: join(world.programFolder, "grammars"),
    texts: await RunTexts.of(recording, path),
  });
  for (const note of [...warnings, ...notes]) world.err(`flameline: ${note}\n`);
  const found = files
    .flatMap((file) => file.findings.map((finding): FixRow => ({ file, finding })))
    .sort((a, b) => b.finding.share - a.finding.share);
  const proved = given.flag("prove") ? await proveAll(found, budget, world, syntax) : found;
  const applied = given.flag("apply") ? await applyProved(proved, world) : proved;
  const rows = given.flag("commit") ? await (await import("./commit-fixes.js")).commitProved(applied, world) : applied;
  if (given.flag("json")) world.out(`${JSON.stringify({ findings: rows.map(jsonRow) })}\n`);
  else world.out(rows.length === 0 ? `No fix known for what is hot in ${event}.\n` : rows.map((row) => textRow(row, world.cwd)).join("\n"));
  const uncommitted = given.flag("commit") && rows.some(({ proof }) => proof?.verdict === "proved") && !rows.some((row) => row.committed);
  return uncommitted || rows.some(({ proof }) => proof?.verdict === "failed") ? EXIT.no : EXIT.done;
}

/** One after the other, so that they don't disturb each other's measuring. Ctrl-C ends them all. */
async function proveAll(rows: readonly FixRow[], budget: number, world: World, syntax: FoundFixes["syntax"]): Promise<FixRow[]> {
  const ends = performance.now() + budget * 1000;
  const interrupts = listenForInterrupts();
  const progress = new Progress(world);
  const proved: FixRow[] = [];
  try {
    for (const [index, row] of rows.entries()) {
      const { file, finding } = row;
      const seconds = (ends - performance.now()) / 1000;
      const of = `${index + 1} of ${rows.length}, ${shortPath(file.file, world.cwd)}:${finding.startLine}`;
      const proof = await proveFix({
        root: world.cwd,
        file: file.file,
        text: file.text,
        finding,
        process: file.process,
        copies: tmpdir(),
        harness: join(world.programFolder, "python-harness/run.py"),
        syntax,
        environment: world.env,
        seconds,
        signal: interrupts.aborted,
        progress: (phrase) => progress.say(`Proving ${of}: ${phrase}…`),
      });
      proved.push({ ...row, proof });
    }
  } catch (error) {
    if (interrupts.aborted.aborted) throw new FlamelineError({ kind: "cancelled" }, error);
    throw error;
  } finally {
    progress.close();
    interrupts.dispose();
  }
  return proved;
}

/** Writes what is proved. Two fixes of one file are proved apart: the second waits for the next run, where it is proved on the first. */
async function applyProved(rows: readonly FixRow[], world: World): Promise<FixRow[]> {
  const changed = new Set<string>();
  const applied: FixRow[] = [];
  for (const row of rows) {
    const { file, text } = row.file;
    if (row.proof?.verdict !== "proved") {
      applied.push(row);
      continue;
    }
    const now = await nodeFiles.readText(file);
    const free = now === text && !changed.has(file);
    if (free) {
      const part = `${file}.flameline-part`;
      await writeFile(part, applyEdits(text, row.finding.edits), { mode: (await stat(file)).mode });
      await rename(part, file);
      changed.add(file);
    } else {
      world.err(
        `flameline: ${shortPath(file, world.cwd)} has changed meanwhile, so its other fixes wait; record again and run this once more.\n`,
      );
    }
    applied.push({ ...row, applied: free });
  }
  return applied;
}

function jsonRow({ file: { file }, finding, proof, applied, committed }: FixRow): object {
  const { rule, startLine, share, expectedGain, edits, title, refusal } = finding;
  const more = {
    ...(proof === undefined ? {} : { proof }),
    ...(applied === undefined ? {} : { applied }),
    ...(committed === undefined ? {} : { committed }),
  };
  const none = refusal === undefined ? {} : { refusal };
  return { rule, title, file, line: startLine, share, expectedGain, edit: edits, ...none, ...more };
}

function textRow({ file, finding, proof, applied, committed }: FixRow, cwd: string): string {
  const { startLine, title, share, message, event, expectedGain, subject } = finding;
  const gain = `${percent(share)} of ${event} ${message}; without it all would be ${expectedGain.toFixed(2)} times as fast`;
  const lines = [`${shortPath(file.file, cwd)}:${startLine}  ${title}${applied === true ? "  (applied)" : ""}`, `  ${gain}`];
  if (committed !== undefined) lines.push(`  committed on ${committed}`);
  if (finding.refusal !== undefined) lines.push(`  no change is written: ${finding.refusal}`);
  else if (proof === undefined) lines.push("  unproved");
  else {
    const { speedup, safety, reason, verdict } = proof;
    const faster =
      speedup && `${subject} ${speedup.median.toFixed(2)} times as fast (${speedup.low.toFixed(2)} to ${speedup.high.toFixed(2)})`;
    lines.push(`  ${verdict}${faster === undefined ? "" : `: ${faster}`}${reason === undefined ? "" : `. ${reason}`}`);
    for (const each of safety.tried) lines.push(`    tried: ${each}`);
  }
  return `${lines.join("\n")}\n`;
}
