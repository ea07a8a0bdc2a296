import { describe, expect, test } from "vitest";
import { heatMarks, levelOf, percent } from "../../../extension/heat/heat-levels.js";
import type { LineHeat, Verdict } from "../../../protocol/queries.js";

/** "12 380 → 400" : line 12 with 380 of 1000, 400 of 1000 before. */
function marksOf(text: string, endOfLine: boolean): string {
  const lines = text
    .trim()
    .split("\n")
    .map((row): LineHeat => {
      const [, line, total, before] = /(\d+): (\d+)(?: was (\d+))?/.exec(row.trim()) ?? [];
      const heat = { lineIndex: Number(line), self: 0, total: Number(total) };
      return before === undefined ? heat : { ...heat, before: Number(before) / 1000 };
    });
  const marks = heatMarks({ uri: "file:///a.py", version: 1, event: "cpu", unit: "ns", total: 1000, lines }, endOfLine);
  return marks.map(({ lineIndex, level, text: shown }) => `${lineIndex}: level ${level}${shown === "" ? "" : ` "${shown}"`}`).join("\n");
}

describe("heat of lines", () => {
  test("levels grow with the share, and lines below half a percent get no mark", () => {
    expect([0, 0.0049, 0.005, 0.02, 0.05, 0.149, 0.15, 0.4, 1].map(levelOf)).toEqual([-1, -1, 0, 1, 2, 2, 3, 4, 4]);
  });

  test("percentages are written on demand", () => {
    const lines = "3: 4\n4: 380\n5: 20";
    expect(marksOf(lines, false)).toBe("4: level 3\n5: level 1");
    expect(marksOf(lines, true)).toBe('4: level 3 "38 %"\n5: level 1 "2.0 %"');
  });

  test("a line whose share changed since the recording before says so by itself", () => {
    expect(marksOf("1: 380 was 40\n2: 40 was 380\n3: 380 was 385", false)).toBe(
      '1: level 3 "4.0 % → 38 %"\n2: level 1 "38 % → 4.0 %"\n3: level 3',
    );
  });

  test("a line that cooled down below any mark still says what became of it", () => {
    expect(marksOf("7: 1 was 300", false)).toBe('7: level -1 "30 % → 0.1 %"');
  });

  test("a line that had a mark keeps it while it costs anything at all", () => {
    const heat = { uri: "", version: 1, event: "cpu" as const, unit: "ns" as const, total: 1000 };
    const wavering = heatMarks(
      { ...heat, lines: [4, 0].map((total, lineIndex) => ({ lineIndex, self: 0, total })) },
      false,
      new Set([0, 1]),
    );
    expect(wavering).toEqual([{ lineIndex: 0, level: 0, text: "" }]);
  });

  test("against a baseline a line says what is more than noise, and nothing else", () => {
    const change = (verdict: Verdict, base: number, next: number) => ({ base, next, relative: base > 0 ? next / base - 1 : null, verdict });
    const changes = [
      change("more", 4, 5),
      change("less", 4, 3),
      change("more", 0, 5),
      change("less", 4, 0),
      change("noise", 4, 5),
      change("untold", 4, 5),
      change("more", 1, 12),
    ];
    const lines = changes.map((each, lineIndex): LineHeat => ({ lineIndex, self: 0, total: each.next * 100, change: each }));
    const marks = heatMarks({ uri: "", version: 1, event: "cpu", unit: "ns", total: 5000, lines }, false);
    expect(marks.map(({ text }) => text)).toEqual(["▲ +25 %", "▼ −25 %", "▲ new", "▼ gone", "", "", "▲ ×12"]);
  });

  test("shares are written with one digit where it matters", () => {
    expect([0, 0.0004, 0.001, 0.042, 0.0999, 0.38, 1].map(percent)).toEqual(["0 %", "<0.1 %", "0.1 %", "4.2 %", "10.0 %", "38 %", "100 %"]);
  });

  test("an empty recording marks nothing", () => {
    expect(
      heatMarks({ uri: "", version: null, event: "cpu", unit: "ns", total: 0, lines: [{ lineIndex: 0, self: 0, total: 0 }] }, true),
    ).toEqual([]);
  });
});

test("a line's end says what it mostly waits for", () => {
  const heat = { uri: "file:///a.py", version: 1, event: "off_cpu", unit: "ns", total: 10 } as const;
  const lines = [{ lineIndex: 3, self: 4, total: 4, mostly: "run queue" } as const];
  expect(heatMarks({ ...heat, lines }, true)[0]?.text).toBe("40 % run queue");
});
