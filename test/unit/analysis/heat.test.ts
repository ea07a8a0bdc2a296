import { expect, test } from "vitest";
import { measureHeat } from "../../../analysis/optimize/heat.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const LIBRARY = "/usr/lib/python3.11/re/__init__.py";
const recording = recordingFromCollapsed(
  `
  main:1 (app.py);clean:5 (app.py);sub:180 (${LIBRARY});_compile:280 (${LIBRARY});[libpython] 30
  main:1 (app.py);clean:5 (app.py);sub:180 (${LIBRARY}) 10
  main:1 (app.py);clean:6 (app.py);_compile:9 (app.py) 20
  main:1 (app.py);clean:5 (app.py);clean:6 (app.py);match:160 (${LIBRARY});_compile:281 (${LIBRARY}) 5
  main:1 (app.py);clean:5 (app.py);[libc] {native} 7
  other:1 (app.py) 28
`.replaceAll(/\n\s+/g, "\n"),
  { language: "python" },
);
const { frames, functions } = recording;
const heat = measureHeat(
  recording,
  { event: "cpu" },
  (row) => (functions.nameOf(frames.lines.first.at(row)) === "clean" ? frames.lines.second.at(row) : 0),
  ["re._compile"],
);
const rounded = (share: number): number => Math.round(share * 100);

test("a line has what is on its stacks, a range each sample once", () => {
  expect([heat.total(5, 5), heat.total(6, 6), heat.total(5, 6), heat.total(1, 4)].map(rounded)).toEqual([52, 25, 72, 0]);
});

test("the hottest of several lines is told alone", () => {
  expect([heat.hottest(5, 5), heat.hottest(5, 6), heat.hottest(6, 9), heat.hottest(7, 9)].map(rounded)).toEqual([52, 52, 25, 0]);
});

test("a line's own is what it does without other interpreted functions", () => {
  expect([heat.own(5, 5), heat.own(6, 6), heat.own(5, 6)].map(rounded)).toEqual([7, 0, 7]);
});

test("below a line are the library's functions, and not the user's of the same name", () => {
  expect([heat.below(5, 5, "re._compile"), heat.below(6, 6, "re._compile"), heat.below(5, 6, "re._compile")].map(rounded)).toEqual([
    35, 5, 35,
  ]);
});

test("what V8 has built in is no other function: a search through an array is the line's own", () => {
  const search = recordingFromCollapsed(
    `work:2 (app.js);filter (<unknown>);V8::StubFrame;<anonymous>:2 (app.js) 6\nwork:2 (app.js);filter (<unknown>);V8::ExitFrame;[node] {native} 3\nwork:2 (app.js);other:9 (lib.js) 1`,
    { language: "javascript" },
  );
  const lines = search.frames.lines;
  const measured = measureHeat(search, { event: "cpu" }, (row) => (lines.second.at(row) === 2 ? 2 : 0), []);
  expect(rounded(measured.own(2, 2))).toBe(90);
});
