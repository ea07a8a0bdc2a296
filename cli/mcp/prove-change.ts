import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processOf } from "../../analysis/optimize/process-of.js";
import { proposedFix, type ProposedChange } from "../../analysis/optimize/proposal.js";
import { functionCosts } from "../../profile/cost.js";
import { proveFix } from "../../prover/prove-fix.js";
import { createOutliner } from "../../source/outline.js";
import type { World } from "../command.js";
import { nodeFiles } from "../node-files.js";
import { readProfile } from "../read-profile.js";
import { Places } from "../report-rows.js";
import type { ToolCall } from "./serve.js";

interface ChangeToProve {
  readonly profile: string;
  readonly file: string;
  readonly subject: string;
  readonly changes: readonly ProposedChange[];
  readonly seconds: number;
}

/** The record of a proof of somebody's own change, as `flameline fix --prove` has it of its own. */
export async function proveChange(world: World, wish: ChangeToProve, { signal, progress }: ToolCall): Promise<object> {
  if (world.env["SUDO_UID"] !== undefined && process.getuid?.() === 0) {
    throw new Error("A proof runs your code, which is not to have root's rights: start the server without sudo.");
  }
  const { recording, warnings } = await readProfile(wish.profile);
  const file = await nodeFiles.realpath(wish.file);
  const root = await nodeFiles.realpath(world.cwd);
  if (!file.startsWith(`${root}/`)) throw new Error(`${wish.file} lies outside of the server's folder ${root}.`);
  const text = await nodeFiles.readText(file);
  if (text === undefined) throw new Error(`${wish.file} can't be read: name a file of the folder.`);
  const { rows, share } = await costOf(recording, new Places(recording, root), file, wish.subject);
  const finding = proposedFix(text, wish.subject, wish.changes, { event: "cpu", share, title: `Change ${wish.subject}` });
  if (typeof finding === "string") throw new Error(finding);
  const outliner = await createOutliner({ readGrammar: (name) => readFile(join(world.programFolder, "grammars", name)) });
  const proof = await proveFix({
    root,
    file,
    text,
    finding,
    process: processOf(recording, { event: "cpu" }, (row) => rows.has(row)),
    copies: tmpdir(),
    harness: join(world.programFolder, "python-harness/run.py"),
    syntax: outliner.syntax.bind(outliner),
    environment: world.env,
    seconds: wish.seconds,
    signal,
    progress,
  });
  const { startLine, endLine, expectedGain } = finding;
  return { file, function: wish.subject, startLine, endLine, share, expectedGain, proof, warnings };
}

/** The rows of `frames.lines` that are in a file, and the share of CPU time of its function. */
async function costOf(
  recording: Awaited<ReturnType<typeof readProfile>>["recording"],
  places: Places,
  file: string,
  subject: string,
): Promise<{ rows: ReadonlySet<number>; share: number }> {
  const { lines } = recording.frames;
  const rows = new Set<number>();
  const { total, sum } = functionCosts(recording, { event: "cpu" });
  let cost = 0;
  for (let row = 0; row < lines.length; row++) {
    const fn = lines.first.at(row);
    if ((await places.of(fn, lines.second.at(row))).file !== file) continue;
    rows.add(row);
    const name = recording.functions.nameOf(fn);
    if (name === subject || name.endsWith(`.${subject}`)) cost = Math.max(cost, total[fn] ?? 0);
  }
  return { rows, share: sum > 0 ? cost / sum : 0 };
}
