/** What commits and pull requests of fixes say. */
import type { FixMeasure, MadeFix, ProofRecord } from "../protocol/fixes.js";

/** Longer ones are cut by those who list commits. */
const SUBJECT_LENGTH = 72;
/** GitHub takes 65,536 characters. */
const MOST_BODY = 60_000;

/** `flameline/` and what a reader knows it by. */
export function branchName(fixes: readonly MadeFix[]): string {
  const [first] = fixes;
  const name = fixes.length === 1 && first !== undefined ? `${first.rule}-${first.subject}` : `${fixes.length}-fixes`;
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
  return `flameline/${slug === "" ? "fix" : slug}`;
}

/** The git command that is left to the user after the commits: a push where there is a remote, otherwise a merge. */
export function nextCommand(branch: string, remote: string | undefined): string {
  return `git ${remote === undefined ? `merge ${branch}` : `push --set-upstream ${remote} ${branch}`}`;
}

/** One fix with the record of its proof. */
export function commitMessage(fix: MadeFix, path: string, besideOthers: boolean): string {
  const { title, subject, proof, rule, before } = fix;
  const cost = before === undefined ? "." : `, ${percent(before.share)} of ${fix.event} in the profile.`;
  const lines = [
    title.length > SUBJECT_LENGTH ? `${title.slice(0, SUBJECT_LENGTH - 1)}…` : title,
    "",
    ...wrap(`In ${subject} of ${path}${cost}`),
    ...wrap(`${sentenceOf(proof)}${besideOthers ? ` ${BESIDE_OTHERS}` : ""}`),
    "",
    ...proof.safety.tried.flatMap((each) => wrap(`- ${each}`, "  ")),
    ...(proof.safety.tried.length === 0 ? [] : [""]),
    `Flameline-Rule: ${rule}`,
    `Flameline-Proof: ${proof.verdict}${proof.speedup === undefined ? "" : `, ${intervalOf(proof.speedup)}`}`,
  ];
  return `${lines.join("\n")}\n`;
}

const BESIDE_OTHERS = "It was proved beside other changes of this file, which this commit doesn't have.";

export function pullRequestTitle(fixes: readonly { readonly fix: MadeFix }[]): string {
  const [first] = fixes;
  return fixes.length === 1 && first !== undefined ? first.fix.title : `${fixes.length} proved fixes of hot code`;
}

/** Markdown: of each fix the record, and its function's graph before and after. */
export function pullRequestBody(
  fixes: readonly { readonly fix: MadeFix; readonly path: string; readonly besideOthers: boolean }[],
): string {
  const begin = "Found under the heat of a profile, and proved to behave the same and to be faster; one commit for each fix.\n";
  const parts = fixes.map(({ fix, path, besideOthers }) => sectionOf(fix, path, besideOthers));
  let body = begin;
  let left = 0;
  for (const part of parts) {
    if (body.length + part.length > MOST_BODY) left += 1;
    else body += `\n${part}`;
  }
  return left === 0 ? body : `${body}\n${left} more: see the messages of their commits.\n`;
}

function sectionOf(fix: MadeFix, path: string, besideOthers: boolean): string {
  const { title, subject, proof, before, after, rule } = fix;
  const caught = proof.safety.mutantsCaught;
  const rows = [
    ["function", `${code(subject)} in ${code(path)}`],
    ["proof", proof.verdict],
    ["as fast", proof.speedup === undefined ? "–" : intervalOf(proof.speedup)],
    ...(caught === undefined ? [] : [["small mistakes that were noticed", percent(caught)]]),
    ...(proof.statements === undefined ? [] : [["SQL statements", `${proof.statements.before} before, ${proof.statements.after} after`]]),
    ...(before === undefined
      ? []
      : [
          [
            `share of ${fix.event}`,
            after === undefined ? percent(before.share) : `${percent(before.share)} before, ${percent(after.share)} after`,
          ],
        ]),
    ["rule", code(rule)],
  ];
  const table = ["| | |", "|---|---|", ...rows.map(([what = "", told = ""]) => `| ${what} | ${told.replaceAll("|", "\\|")} |`)];
  const tried = proof.safety.tried.map((each) => `- ${plain(each)}`);
  return [
    `### ${plain(title)}`,
    "",
    ...table,
    "",
    ...(besideOthers ? [BESIDE_OTHERS, ""] : []),
    ...(tried.length === 0 ? [] : ["What was tried:", "", ...tried, ""]),
    ...graphOf("Flame graph before", fix, before),
    ...graphOf("Flame graph after", fix, after),
  ].join("\n");
}

/** A flame graph as GitHub can hold it in a text: each box below its caller. */
function graphOf(title: string, { event, subject }: MadeFix, measure: FixMeasure | undefined): string[] {
  if (measure === undefined || measure.graph.length === 0) return [];
  const text = measure.graph.join("\n");
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  const summary = `${title}: ${subject}, share of ${event}`;
  return [`<details><summary>${plain(summary)}</summary>`, "", `${fence}text`, text, fence, "", "</details>", ""];
}

function sentenceOf({ speedup, statements }: ProofRecord): string {
  const faster = speedup === undefined ? "faster" : `${intervalOf(speedup)} times as fast`;
  const fewer = statements === undefined ? "" : `, with ${statements.after} SQL statements instead of ${statements.before}`;
  return `Proved: it behaves the same in all that was tried, and is ${faster}${fewer}.`;
}

/** With the 95 % interval of the median. */
function intervalOf({ median, low, high }: NonNullable<ProofRecord["speedup"]>): string {
  return `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/** As a code span, whatever it holds. */
function code(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const ticks = "`".repeat(Math.max(1, ...[...line.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return ticks.length === 1 ? `\`${line}\`` : `${ticks} ${line} ${ticks}`;
}

/** Text that is no markup, and calls nobody. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]<>#|~]/g, "\\$&")
    .replaceAll("@", "@\u200b");
}

function wrap(text: string, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.replace(/\s+/g, " ").split(" ")) {
    if (line !== "" && line.length + 1 + word.length > SUBJECT_LENGTH) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
