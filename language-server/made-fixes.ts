import { URI } from "vscode-uri";
import type { MadeFix } from "../protocol/fixes.js";
import type { Annotated } from "./annotations.js";
import type { AppliedFix, AppliedFixes } from "./applied-fixes.js";
import { fixGains } from "./fix-gains.js";
import { graphText } from "./graph-text.js";

/**
 * What was made of proved fixes in all files of the workspace and is still there, oldest first, with what each function costs now where the
 * shown recording knows.
 */
export async function madeFixes(
  applied: AppliedFixes,
  documentOf: (uri: string) => Promise<{ readonly text: string; readonly realPath: string } | undefined>,
  annotate: (uri: string) => Promise<Annotated | undefined>,
): Promise<{ fixes: MadeFix[]; unproved: number }> {
  const made: { readonly fix: AppliedFix; readonly after: MadeFix["after"] }[] = [];
  for (const file of await applied.files()) {
    const uri = URI.file(file).toString();
    const document = await documentOf(uri);
    const found = document === undefined ? [] : await applied.of(document.realPath, document.text);
    if (found.length === 0) continue;
    const annotated = await annotate(uri);
    const gains = annotated === undefined ? [] : await fixGains(applied, annotated);
    const functions = (await annotated?.functions()) ?? [];
    for (const { fix } of found) {
      const now = gains.find((gain) => gain.fix === fix)?.now;
      const fn = functions.find(({ key }) => key === fix.subject)?.function;
      const graph = annotated === undefined || fn === undefined ? [] : graphText(annotated.loaded, annotated.view, fn);
      made.push({ fix, after: now === undefined ? undefined : { ...now, graph } });
    }
  }
  made.sort((a, b) => a.fix.appliedUnixMs - b.fix.appliedUnixMs);
  const fixes = made.flatMap(({ fix, after }) => shared(fix, after) ?? []);
  return { fixes, unproved: made.length - fixes.length };
}

function shared(fix: AppliedFix, after: MadeFix["after"]): MadeFix | undefined {
  const { file, rule = "", title, subject, event, oldText, edits, proof, share, perSecond, graph = [] } = fix;
  if (proof?.verdict !== "proved") return undefined;
  const before = { share, perSecond, graph };
  return { file, rule, title, subject, event, oldText, edits, proof, before, ...(after === undefined ? {} : { after }) };
}
