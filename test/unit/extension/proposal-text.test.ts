import { expect, test } from "vitest";
import { parseProposal, promptFor } from "../../../extension/language-model/proposal-text.js";

const CHANGE = { old: "a", new: "b" };

test.each([
  [JSON.stringify({ changes: [CHANGE] }), [CHANGE]],
  [`Sure:\n\`\`\`json\n${JSON.stringify({ changes: [CHANGE, { old: "c", new: "" }] })}\n\`\`\`\nDone.`, [CHANGE, { old: "c", new: "" }]],
  ['{"changes":[]}', []],
  ["I know nothing faster.", []],
  ['{"changes":[{"old":"a","new":"b"},{"old":7}]}', []],
  ['{"changes":[{"old":"","new":"b"}]}', []],
  ['{"changes":"all"}', []],
  ["} {", []],
  ["{", []],
])("an answer %s has the changes %o", (answer, changes) => {
  expect(parseProposal(answer)).toEqual(changes);
});

test("a question has the function's text and its share", () => {
  const prompt = promptFor({ subject: "Shop.total", text: "def total(self):\n    pass", share: 0.384, event: "cpu" });
  expect(prompt).toMatch(/Shop\.total and what it calls take 38 % of cpu\.[^]*\n\ndef total\(self\):\n {4}pass$/);
});
