import { describe, expect, test } from "vitest";
import { callersAndCallees, type FunctionNode } from "../../../profile/callers.js";
import type { Recording } from "../../../profile/recording.js";
import { sharesOf } from "../../../profile/shares.js";
import { recordingFromCollapsed, recordingFromColumns } from "../../support/profile-text.js";

const CPU = { event: "cpu" } as const;

const functionNamed = (recording: Recording, name: string): number => {
  return recording.functions.name.view().findIndex((_, fn) => recording.functions.nameOf(fn) === name);
};

function draw(recording: Recording, node: FunctionNode, depth = 0): string {
  const own = `${"  ".repeat(depth)}${recording.functions.labelOf(node.function)} ${node.value}`;
  return [own, ...node.children.map((child) => draw(recording, child, depth + 1))].join("\n");
}

const RECURSIVE = `
  main;a;walk;walk;leaf 5
  main;a;walk 2
  main;b;walk;leaf 3
  main;b;other 10
`;

describe("callers and callees", () => {
  test("recursion is seen from the outermost call", () => {
    const recording = recordingFromCollapsed(RECURSIVE);
    const sides = callersAndCallees(recording, CPU, functionNamed(recording, "walk"));
    expect(sides).toMatchObject({ value: 10, self: 2, total: 20, folded: 0, foldedValue: 0 });
    expect(draw(recording, sides.callers)).toMatchInlineSnapshot(`
      "walk 10
        a 7
          main 7
        b 3
          main 3"
    `);
    expect(draw(recording, sides.callees)).toMatchInlineSnapshot(`
      "walk 10
        walk 5
          leaf 5
        leaf 3"
    `);
  });

  test("the costliest boxes stay, the others are counted", () => {
    const recording = recordingFromCollapsed(RECURSIVE);
    const sides = callersAndCallees(recording, CPU, functionNamed(recording, "main"), { maxBoxes: 6 });
    expect(draw(recording, sides.callees)).toBe("main 20\n  b 13\n    other 10");
    expect(sides).toMatchObject({ folded: 2, foldedValue: 10 });
  });

  test("a function that was never sampled has no cost", () => {
    const recording = recordingFromCollapsed(RECURSIVE);
    expect(callersAndCallees(recording, { event: "memory" }, 0)).toMatchObject({ value: 0, self: 0, total: 0, folded: 0 });
    expect(callersAndCallees(recording, CPU, 999)).toMatchObject({ value: 0, self: 0, total: 20 });
  });
});

describe("shares", () => {
  const recording = recordingFromColumns(
    `
    main:1    main:2    serve:9          main:1
    work:12   work:13   hot:5<-work:12   work:12
    hot:5     hot:6                      work:12
    `,
    { values: [1, 2, 4, 8], threads: ["one", "two", "web/loop", "one"] },
  );

  test("of a function are by process, thread and caller", () => {
    expect(sharesOf(recording, CPU, { kind: "functions", functions: [functionNamed(recording, "work")] })).toMatchInlineSnapshot(`
      {
        "callers": [
          {
            "function": 0,
            "line": 1,
            "total": 9,
          },
          {
            "function": 3,
            "line": 9,
            "total": 4,
          },
          {
            "function": 0,
            "line": 2,
            "total": 2,
          },
        ],
        "leaves": [
          {
            "function": 1,
            "total": 8,
          },
          {
            "function": 2,
            "total": 5,
          },
          {
            "function": 2,
            "total": 2,
          },
        ],
        "processes": [
          {
            "name": "app",
            "pid": 1000,
            "self": 8,
            "total": 11,
          },
          {
            "name": "web",
            "pid": 1001,
            "self": 0,
            "total": 4,
          },
        ],
        "samples": 4,
        "self": 8,
        "sum": 15,
        "threads": [
          {
            "name": "one",
            "pid": 1000,
            "self": 8,
            "thread": 0,
            "tid": 1000,
            "total": 9,
          },
          {
            "name": "loop",
            "pid": 1001,
            "self": 0,
            "thread": 2,
            "tid": 1003,
            "total": 4,
          },
          {
            "name": "two",
            "pid": 1000,
            "self": 0,
            "thread": 1,
            "tid": 1001,
            "total": 2,
          },
        ],
        "total": 15,
      }
    `);
  });

  test("of a line leave its function's other lines out", () => {
    const shares = sharesOf(recording, CPU, { kind: "lines", lines: [{ function: functionNamed(recording, "hot"), line: 5 }] });
    const work = functionNamed(recording, "work");
    expect(shares).toMatchObject({ self: 5, total: 5, sum: 15, callers: [{ function: work, line: 12, total: 5 }] });
    expect(shares.processes.map(({ name, total }) => `${name} ${total}`)).toEqual(["web 4", "app 1"]);
  });

  test("of a selection count only what is in it", () => {
    const target = { kind: "functions", functions: [functionNamed(recording, "work")] } as const;
    expect(sharesOf(recording, { event: "cpu", threads: [1] }, target)).toMatchObject({ self: 0, total: 2, sum: 2 });
  });
});
