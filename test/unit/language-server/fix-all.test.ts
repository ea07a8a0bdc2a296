import { expect, test } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { applyEdits, type Finding } from "../../../analysis/optimize/finding.js";
import { fixAllAction, type ShownFix } from "../../../language-server/fix-actions.js";
import type { ProofRecord } from "../../../protocol/fixes.js";

const DOCUMENT = TextDocument.create("file:///w/app.py", "python", 1, "import re\naaaa\nbbbb\ncccc\n");

function fix(subject: string, start: number, verdict: ProofRecord["verdict"] | undefined, definition = `_${subject}`): ShownFix {
  const edits = [
    { start, end: start + 4, text: subject },
    { start: 9, end: 9, text: `\n\n${definition} = 1` },
  ];
  const finding: Finding = {
    id: `${subject}${start}`,
    kind: "fix",
    rule: "rule",
    title: "",
    message: "",
    event: "cpu",
    share: 0.5,
    expectedGain: 2,
    startLine: 1,
    endLine: 1,
    start,
    end: start + 4,
    edits,
    subject,
  };
  return { finding, proof: verdict && { verdict, safety: { tried: [] } } };
}

const result = (...fixes: readonly ShownFix[]): string | undefined => {
  const action = fixAllAction(DOCUMENT, 1, fixes);
  const [change] = action?.edit?.documentChanges ?? [];
  if (change === undefined || !("edits" in change)) return undefined;
  const edits = change.edits.map((each) => ({ range: each.range, newText: "newText" in each ? each.newText : "" }));
  const taken = fixes.filter(({ finding }) => action?.command?.arguments?.includes(finding.id));
  // What is noted of them later is compared with this.
  expect(
    applyEdits(
      DOCUMENT.getText(),
      taken.flatMap(({ finding }) => finding.edits),
    ),
  ).toBe(TextDocument.applyEdits(DOCUMENT, edits));
  return `${action?.title}: ${TextDocument.applyEdits(DOCUMENT, edits).replaceAll("\n", "|")}`;
};

test("all proved fixes of a file are taken at once, and only those", () => {
  expect(result(fix("f", 10, "proved"), fix("g", 15, "weak"), fix("h", 20, "proved"))).toBe(
    "Take 2 proved fixes of this file: import re||_f = 1||_h = 1|f|bbbb|h|",
  );
  expect(result(fix("f", 10, "weak"), fix("g", 15, undefined), fix("h", 20, "refused"), fix("i", 20, "failed"))).toBeUndefined();
});

test("what was not proved together waits", () => {
  expect(result(fix("f", 10, "proved"), fix("f", 15, "proved", "_other"))).toMatch(/^Take the proved fix.*\|f\|bbbb\|/);
  expect(result(fix("f", 10, "proved"), fix("g", 15, "proved", "_f"))).toMatch(/\|f\|bbbb\|/);
  expect(result(fix("f", 10, "proved"), fix("g", 12, "proved"))).toMatch(/\|f\|bbbb\|/);
});
