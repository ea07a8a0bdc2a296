import { expect, test } from "vitest";
import { carryLines } from "../../../source/carry.js";

/** Each recorded line with where it is now: `1→1 2→3 3→-`. */
function carried(recorded: string, current: string): string {
  const carry = carryLines(recorded, current);
  return recorded
    .split("\n")
    .map((_, index) => `${index + 1}→${carry(index + 1) ?? "-"}`)
    .join(" ");
}

/** Lines from words, for short tests. */
const text = (words: string) => words.split(" ").join("\n");

test("an unchanged text keeps every line, and lines outside of it have no place", () => {
  const carry = carryLines("a\nb", "a\nb");
  expect([0, 1, 2, 3, 1.5, -1].map(carry)).toEqual([undefined, 1, 2, undefined, undefined, undefined]);
  const changed = carryLines("a\nb", "x\na\nb");
  expect([0, 1, 2, 3, 1.5, -1].map(changed)).toEqual([undefined, 2, 3, undefined, undefined, undefined]);
});

test("lines move with what is inserted or deleted above them", () => {
  expect(carried(text("a b c d"), text("a new b c d"))).toBe("1→1 2→3 3→4 4→5");
  expect(carried(text("a b c d"), text("a c d"))).toBe("1→1 2→- 3→2 4→3");
});

test("a rewritten line has no place, its neighbours keep theirs", () => {
  expect(carried(text("a b c d"), text("a B c d"))).toBe("1→1 2→- 3→3 4→4");
});

test("a new indentation is a rewrite, white space at the end and line endings are not", () => {
  expect(carried("if x:\n  f()\n  g()", "if x:\n    f()\n  g()")).toBe("1→1 2→- 3→3");
  expect(carried("a\nb\nc", "a \r\nb\t\r\nc\r\n")).toBe("1→1 2→2 3→3");
});

test("a stray duplicate does not inherit a number, one beside unchanged lines does", () => {
  // The same text is in line 1 and 4: between rewritten lines it may be any of them.
  expect(carried(text("x++ f old1 x++ old2 g"), text("x++ f new1 x++ new2 g"))).toBe("1→1 2→2 3→- 4→- 5→- 6→6");
  expect(carried(text("f old1 y++ old2 g"), text("f new1 y++ new2 g"))).toBe("1→1 2→- 3→3 4→- 5→5");
  expect(carried(text("f { x++ } g { x++ }"), text("top f { x++ } mid g { x++ }"))).toBe("1→2 2→3 3→4 4→5 5→7 6→8 7→9 8→10");
});

test("of a moved block at most one order is kept, and never two lines in one place", () => {
  expect(carried(text("a1 a2 a3 b1 b2"), text("b1 b2 a1 a2 a3"))).toBe("1→3 2→4 3→5 4→- 5→-");
});

test("empty texts and texts that share nothing", () => {
  expect(carried("", "")).toBe("1→1");
  expect(carried("a", "b")).toBe("1→-");
  expect(carried(text("a b c"), "")).toBe("1→- 2→- 3→-");
});

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Line {
  readonly text: string;
  /** 1-based line of the recorded text; 0 for a new line. */
  readonly origin: number;
}

/** Inserts, deletes and rewrites at random places. */
function edited(lines: readonly Line[], edits: number, vary: (n: number) => string, next: () => number): Line[] {
  const result = [...lines];
  for (let edit = 0; edit < edits; edit++) {
    const at = Math.floor(next() * (result.length + 1));
    const kind = next();
    if (kind < 0.4) {
      result.splice(at, 0, { text: vary(edit), origin: 0 });
    } else {
      result.splice(at, 1, ...(kind < 0.7 ? [] : [{ text: vary(edit), origin: 0 }]));
    }
  }
  return result;
}

test("where every line is unique, each one that was kept is found and no other", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed);
    const recorded = Array.from({ length: Math.floor(next() * 60) + 1 }, (_, index) => ({ text: `line ${index}`, origin: index + 1 }));
    const current = edited(recorded, Math.floor(next() * 20), (n) => `new ${n}`, next);
    const carry = carryLines(recorded.map((l) => l.text).join("\n"), current.map((l) => l.text).join("\n"));
    const truth = recorded.map(({ origin }) => current.findIndex((line) => line.origin === origin) + 1 || undefined);
    expect(recorded.map(({ origin }) => carry(origin))).toEqual(truth);
  }
});

test("where lines repeat, a carried line has the same text, and the order holds", () => {
  const words = ["}", "x++", "", "return", "for", "if", "call()", "done"];
  let kept = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed);
    const word = () => words[Math.floor(next() * words.length)] ?? "";
    const recorded = Array.from({ length: Math.floor(next() * 80) + 1 }, (_, index) => ({ text: word(), origin: index + 1 }));
    const current = edited(recorded, Math.floor(next() * 25), word, next);
    const carry = carryLines(recorded.map((l) => l.text).join("\n"), current.map((l) => l.text).join("\n"));
    let before = 0;
    for (const { text: line, origin } of recorded) {
      const now = carry(origin);
      if (now !== undefined) {
        expect(current[now - 1]?.text).toBe(line);
        expect(now).toBeGreaterThan(before);
        before = now;
        kept++;
      }
    }
  }
  expect(kept).toBeGreaterThan(4000);
});

test("20,000 lines with 2,000 edits, and 20,000 lines that repeat, end in little work", () => {
  const next = random(7);
  const recorded = Array.from({ length: 20_000 }, (_, index) => ({
    text: index % 3 === 0 ? "}" : `statement ${index % 15_000}`,
    origin: index + 1,
  }));
  const current = edited(recorded, 2000, (n) => `new ${n}`, next);
  const carry = carryLines(recorded.map((l) => l.text).join("\n"), current.map((l) => l.text).join("\n"));
  const truth = recorded.map(({ origin }) => current.findIndex((line) => line.origin === origin) + 1);
  const right = recorded.filter(({ origin }) => truth[origin - 1] !== 0 && carry(origin) === truth[origin - 1]).length;
  const wrong = recorded.filter(({ origin }) => carry(origin) !== undefined && carry(origin) !== truth[origin - 1]).length;
  expect(right / truth.filter((line) => line !== 0).length).toBeGreaterThan(0.9);
  expect(wrong / recorded.length).toBeLessThan(0.01);
  const words = ["a", "b", "c", "d"];
  const noise = (seed: number) => {
    const pick = random(seed);
    return Array.from({ length: 20_000 }, () => words[Math.floor(pick() * 4)]).join("\n");
  };
  expect(carryLines(noise(1), noise(2))(10_000)).toBeUndefined();
});
