import { expect, test } from "vitest";
import { fixText } from "../../../extension/trees/fix-rows.js";
import type { Finding, FindingProof } from "../../../protocol/findings.js";

const FINDING: Finding = {
  id: "/w/app.py:x",
  kind: "python-regex-in-hot-code",
  title: "Compile the pattern once",
  event: "cpu",
  share: 0.2,
  places: [{ location: { file: "/w/app.py", line: 5 }, functionName: "clean" }],
  frames: [],
  advice: "20 % of cpu is spent.",
  fix: { id: "x", expectedGain: 1.25 },
};
const described = (proof?: FindingProof): string => fixText({ ...FINDING, ...(proof === undefined ? {} : { proof }) }).description;

test("a fix says where it is, what it saves, what that gains, and what is known of it", () => {
  expect(described()).toBe("20 % · unproved · all at most 1.25 times as fast · Compile the pattern once");
  expect(described({ verdict: "proved", speedup: { median: 2.4, low: 2.3, high: 2.51 } })).toBe(
    "20 % · proved, 2.40 times as fast (2.30 to 2.51) · all at most 1.25 times as fast · Compile the pattern once",
  );
  expect(described({ verdict: "refused", reason: "It writes a file." })).toBe(
    "20 % · refused · all at most 1.25 times as fast · Compile the pattern once",
  );
});

test("a refused one tells why", () => {
  expect(fixText(FINDING).label).toBe("app.py:5");
  const { tooltip, state } = fixText({ ...FINDING, proof: { verdict: "refused", reason: "It writes a file." } });
  expect(state).toBe("refused");
  expect(tooltip).toContain("It writes a file.");
});
