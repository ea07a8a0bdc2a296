import { describe, expect, test } from "vitest";
import { findIn } from "../../../analysis/findings.js";
import { foreignCosts } from "../../../analysis/foreign-costs.js";
import type { Recording } from "../../../profile/recording.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const cpu = { event: "cpu" } as const;
/** Functions of app.py are the user's. */
const mineIn = (recording: Recording) => (fn: number) => recording.functions.fileOf(fn) === "app.py";

/** One line a cost: `caller:line > callee value = the way to it`. */
function told(recording: Recording, most = 9, isMine = mineIn(recording)): string[] {
  const label = (fn: number) => recording.functions.labelOf(fn);
  return foreignCosts(recording, cpu, isMine, most).map(
    ({ caller, line, callee, value, frames }) => `${label(caller)}:${line} > ${label(callee)} ${value} = ${frames.map(label).join(" ")}`,
  );
}

describe("costs that are not the user's own", () => {
  test("are of the innermost call out of their code, with all that it calls", () => {
    const recording = recordingFromCollapsed(`
      start;main:5(app.py);json.loads(json.py);scan(json.py) 30
      start;main:5(app.py);json.loads(json.py) 10
      start;main:5(app.py);eval(ceval.c);parse:9(app.py);split 20
      start;main:5(app.py) 50
      start;gc 40
    `);
    // What is called by way of the interpreter's own function is the user's again.
    expect(told(recording)).toEqual(["main:5 > json.loads 40 = start main json.loads", "parse:9 > split 20 = start main eval parse split"]);
  });

  test("of one line are one, and drawn where most of it is", () => {
    const recording = recordingFromCollapsed(`
      a:1(app.py);log:3(app.py);write 5
      b:1(app.py);log:3(app.py);write 7
      a:1(app.py);log:4(app.py);write 1
    `);
    expect(told(recording)).toEqual(["log:3 > write 12 = b log write", "log:4 > write 1 = a log write"]);
    expect(told(recording, 1)).toHaveLength(1);
  });

  test("go through inlined calls, and through recursion", () => {
    const recording = recordingFromCollapsed(`
      walk:2;walk:2;memcpy<-copy:7<-walk:3 9
    `);
    expect(told(recording, 9, (fn) => recording.functions.nameOf(fn) === "walk")).toEqual(["walk:3 > copy 9 = walk walk walk copy"]);
  });

  test("are none in code that is all theirs, or none of it", () => {
    expect(told(recordingFromCollapsed("main:1(app.py);work:2(app.py) 9"))).toEqual([]);
    expect(told(recordingFromCollapsed("start;gc 9"))).toEqual([]);
  });
});

test("findings say the share and the place, the largest three of a hundredth or more", async () => {
  const recording = recordingFromCollapsed(`
    main:1(app.py);one 500
    main:2(app.py);two 300
    main:3(app.py);three 100
    main:4(app.py);four 95
    main:5(app.py);five 5
  `);
  const world = {
    isMine: mineIn(recording),
    placeOf: (fn: number, line: number) => ({ location: { file: "/w/app.py", line }, functionName: recording.functions.labelOf(fn) }),
  };
  const found = await findIn(recording, cpu, 1000, world);
  expect(found.map(({ share, places, title }) => `${share} ${places[0]?.location?.line} ${title}`)).toEqual([
    "0.5 1 main calls one, which is not your code",
    "0.3 2 main calls two, which is not your code",
    "0.1 3 main calls three, which is not your code",
  ]);
  expect(new Set(found.map(({ id }) => id)).size).toBe(3);
  // Of a selection that is twice as large the third is still a finding; of one ten times as large it is none.
  expect(await findIn(recording, cpu, 20_000, world)).toHaveLength(2);
});
