import { expect, test } from "vitest";
import { judgeText, type TextEvidence } from "../../../source/staleness.js";

const evidence: TextEvidence = {
  path: "/ws/cart.py",
  currentText: "new\na\nb",
  recorded: undefined,
  disk: { text: "a\nb", modifiedMs: 1000 },
  loadedMs: 2000,
};

/** Where line 2 is now, or the banner. */
function judged(change: Partial<TextEvidence>): string {
  const judgement = judgeText({ ...evidence, ...change });
  return judgement.kind === "shown" ? `line 2 is at ${judgement.carry(2)}` : judgement.notice;
}

test("the recorded text decides, whatever is on disk now", () => {
  const recorded = { text: "a\nb", modifiedMs: 1000 };
  expect(judged({ recorded, disk: undefined })).toBe("line 2 is at 3");
  expect(judged({ recorded: { text: "a\nB" } })).toBe("line 2 is at undefined");
});

test("without recorded text, the file stands for it if it is older than the run, and unsaved edits are carried over", () => {
  expect(judged({})).toBe("line 2 is at 3");
  expect(judged({ disk: { text: "a\nb", modifiedMs: 2010 } })).toBe("line 2 is at 3");
});

test("else there are no numbers, and the banner says why", () => {
  expect([
    judged({ disk: { text: "a\nb", modifiedMs: 3000 } }),
    judged({ disk: undefined }),
    judged({ loadedMs: 0 }),
    judged({ recorded: { text: "a\nb", modifiedMs: 3000 } }),
  ]).toMatchInlineSnapshot(`
    [
      "cart.py has changed since the program was started and the profile does not hold its text, so its lines have no numbers; record again.",
      "cart.py is no longer on disk and the profile does not hold its text, so its lines have no numbers; record again.",
      "The profile does not say when it was recorded or what cart.py looked like, so its lines have no numbers; record again.",
      "cart.py was changed after the program that was recorded had started, so its lines have no numbers; restart the program and record again.",
    ]
  `);
});
