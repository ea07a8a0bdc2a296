import { describe, expect, test } from "vitest";
import { toBase64 } from "../../../profile/base64.js";
import type { TableColumns } from "../../../protocol/tables.js";
import { arrangeRows, decodeTable, type SortKey } from "../../../webview/table-rows.js";
import { readSavedTable } from "../../../webview/saved-table.js";

/** One row a line: name, place:line, self, total. */
function table(text: string): TableColumns {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const texts = [...new Set(rows.flatMap(([name = "", place = ""]) => [name, place.split(":")[0] ?? ""]))];
  const ints = (of: (row: readonly string[], index: number) => number) => toBase64(Int32Array.from(rows, of));
  const floats = (index: number) => toBase64(Float64Array.from(rows, (row) => Number(row[index])));
  return {
    kind: "functions",
    event: "cpu",
    unit: "ns",
    total: 100,
    durationNs: 1e9,
    leftOut: 0,
    rows: rows.length,
    texts,
    id: ints((_, index) => index + 10),
    function: ints((_, index) => index + 10),
    name: ints(([name = ""]) => texts.indexOf(name)),
    place: ints(([, place = ""]) => texts.indexOf(place.split(":")[0] ?? "")),
    line: ints(([, place = ""]) => Number(place.split(":")[1])),
    selfOf: floats(2),
    totalOf: floats(3),
  };
}

const SHOP = table(`
  parse   b.py:9   5  60
  Render  a.py:7  20  20
  main    b.py:1   0 100
  alloc   a.py:30 20  25
`);

describe("a table's rows", () => {
  const names = (key: SortKey, falling: boolean, text = ""): string => {
    const rows = decodeTable(SHOP);
    return Array.from(arrangeRows(rows, text, { key, falling }), (row) => rows.texts[rows.name[row] ?? -1]).join(" ");
  };

  test("are sorted by numbers, equal ones by the other number", () => {
    expect(names("self", true)).toBe("alloc Render parse main");
    expect(names("self", false)).toBe("main parse alloc Render");
    expect(names("total", true)).toBe("main parse alloc Render");
  });

  test("are sorted by names, and by places with their lines as numbers", () => {
    expect(names("name", false)).toBe("Render alloc main parse");
    expect(names("place", false)).toBe("Render alloc main parse");
  });

  test("are those whose name or place has the text, without regard to case", () => {
    expect(names("self", true, "REN")).toBe("Render");
    expect(names("self", true, " b.py ")).toBe("parse main");
    expect(names("self", true, "nothing")).toBe("");
  });

  test("100,000 of them are sorted and filtered without a pause that is felt", () => {
    const rows = 100_000;
    const random = Float64Array.from({ length: rows }, (_, row) => (row * 7919) % 100_003);
    const index = toBase64(Int32Array.from(random.keys()));
    const many: TableColumns = {
      ...SHOP,
      rows,
      texts: Array.from(random, (value) => `f${value}`),
      id: index,
      function: index,
      name: index,
      place: index,
      line: index,
      selfOf: toBase64(random),
      totalOf: toBase64(random),
    };
    const decoded = decodeTable(many);
    const sorted = arrangeRows(decoded, "", { key: "self", falling: true });
    expect(sorted).toHaveLength(rows);
    expect(sorted.every((row, place) => place === 0 || (random[row] ?? 0) <= (random[sorted[place - 1] ?? 0] ?? 0))).toBe(true);
    expect(arrangeRows(decoded, "f99999", { key: "name", falling: false })).toHaveLength(1);
  });

  test("with columns of another length are refused in one sentence", () => {
    expect(() => decodeTable({ ...SHOP, rows: 3 })).toThrow("The answer is not a table; reopen the recording");
    expect(() => decodeTable({ ...SHOP, selfOf: "?" })).toThrow("not a table");
  });

  test("have no control characters and no change of direction in their names", () => {
    const hostile = decodeTable({ ...SHOP, texts: SHOP.texts.map((text) => `${text}\u202e\u0000<script>`) });
    expect(hostile.texts[0]).toBe("parse\ufffd\ufffd<script>");
  });
});

test("what a reload kept of the table is read, and nothing else", () => {
  const kept = { parts: "both", kind: "lines", sorting: { key: "place", falling: false }, compared: "self" };
  expect(readSavedTable(kept)).toEqual(kept);
  const bySelf = { key: "self", falling: true };
  for (const sorting of [3, null, { key: "toString", falling: true }, { key: "name", falling: "no" }]) {
    expect(readSavedTable({ ...kept, sorting })).toEqual({ ...kept, sorting: bySelf });
  }
  expect(readSavedTable({ ...kept, compared: "both" })).toEqual({ ...kept, compared: "total" });
  expect(readSavedTable({ parts: "all", kind: "lines" })).toBeUndefined();
  expect(readSavedTable({ parts: "both", kind: "secrets" })).toBeUndefined();
  expect(readSavedTable(null)).toBeUndefined();
});
