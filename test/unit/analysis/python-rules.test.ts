import { describe, expect, test } from "vitest";
import type { FileHeat } from "../../../analysis/optimize/heat.js";
import { findings, fixed } from "./offered.js";

/** A statement in a loop of a function; what it becomes is the same statement of the answer. */
async function fix(statement: string, head = ""): Promise<string> {
  const [before, after] = [`${head}def work(self, rows, log):\n    for row in rows:\n        `, "\n"];
  const text = await fixed("app.py", `${before}${statement}${after}`, undefined);
  return text === "no fix" ? text : text.slice(before.length, -after.length);
}

/** Nothing below a library function: what is logged isn't written. */
const UNWRITTEN: FileHeat = { event: "cpu", total: () => 0.5, hottest: () => 0.5, own: () => 0.5, below: () => 0 };

describe("a search through constants", () => {
  test.each([
    [`if row in ("a", "b", "c", "d", "e"): pass`, `if row in {"a", "b", "c", "d", "e"}: pass`],
    [`x = row.kind not in [1, 2, 3, 4, 5,]`, `x = row.kind not in {1, 2, 3, 4, 5,}`],
  ])("%s", async (before, after) => {
    expect(await fix(before)).toBe(after);
  });

  test.each([
    ["few elements", `row in ("a", "b", "c", "d")`],
    ["names, which may have no hash", `row in (a, b, c, d, e)`],
    ["floats, of which some are not equal to themselves", `row in (1.0, 2.0, 3.0, 4.0, 5.0)`],
    ["texts with replacement fields", `row in (f"{a}", "b", "c", "d", "e")`],
    ["a left side without a hash", `[row] in ("a", "b", "c", "d", "e")`],
    ["a chain of comparisons", `row in ("a", "b", "c", "d", "e") in rows`],
    ["another comparison", `row == ("a", "b", "c", "d", "e")`],
    ["what is a set already", `row in {"a", "b", "c", "d", "e"}`],
  ])("no fix for %s", async (_, statement) => {
    expect(await fix(statement)).toBe("no fix");
  });
});

describe("a list for any and all", () => {
  test.each([
    ["any([x.ok for x in row])", "any(x.ok for x in row)"],
    ["y = all([f(x) for x in row if x],)", "y = all(f(x) for x in row if x)"],
  ])("%s", async (before, after) => {
    expect(await fix(before)).toBe(after);
  });

  test.each([
    ["sums, which are faster of lists", "sum([x for x in row])"],
    ["joins", `"".join([x for x in row])`],
    ["lists that are named", "any([1, 2])"],
    ["generators", "any(x for x in row)"],
    ["names that it binds", "any([(last := x) for x in row])"],
    ["what waits", "any([await x for x in row])"],
    ["what loops asynchronously", "any([x async for x in row])"],
    ["comments that would be lost", "any([x for x in row  # all\n        ])"],
  ])("no fix for %s", async (_, statement) => {
    expect(await fix(statement)).toBe("no fix");
  });

  test("nor where any is somebody else's", async () => {
    expect(await fix("any([x for x in row])", "from numpy import any\n")).toBe("no fix");
  });
});

describe("a message that nobody reads", () => {
  const offered = async (statement: string, heat = UNWRITTEN): Promise<string[]> => {
    const found = await findings("app.py", `def work(self, rows, log):\n    for row in rows:\n        ${statement}\n`, heat);
    return found.flatMap(({ edits }) => edits.map(({ text }) => text));
  };

  test.each([
    [`log.debug(f"row {row}")`, `"row %s", row`],
    [`logging.info(f'{row!r} of {len(rows)}')`, `'%r of %s', row, len(rows)`],
    [`self._logger.debug(rf"{row.a}\\d 100% {{}}")`, `r"%s\\d 100%% {}", row.a`],
    [`logger.info(f"{row, 1}")`, `"%s", (row, 1)`],
  ])("%s", async (statement, lazy) => {
    expect(await offered(statement)).toEqual([lazy]);
  });

  test.each([
    ["a format", `log.debug(f"{row:>8}")`],
    ["a name with its value", `log.debug(f"{row=}")`],
    ["a text without fields", `log.debug("row")`],
    ["arguments of its own", `log.debug(f"{row} %s", 1)`],
    ["what binds a name", `log.debug(f"{(x := row)}")`],
    ["other objects", `row.debug(f"{row}")`],
    ["levels that are nearly always written", `log.error(f"{row}")`],
  ])("no fix for %s", async (_, statement) => {
    expect(await offered(statement)).toEqual([]);
  });

  test("nor where the profile shows that it is written", async () => {
    expect(await offered(`log.debug(f"row {row}")`, { ...UNWRITTEN, below: () => 0.2 })).toEqual([]);
  });
});
