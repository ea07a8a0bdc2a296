import { expect, test } from "vitest";
import { float64FromBase64, fromBase64, int32FromBase64, toBase64 } from "../../../profile/base64.js";
import { callTree } from "../../../profile/tree.js";
import { treeColumns } from "../../../profile/tree-columns.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

test.each([0, 1, 2, 3, 4, 5, 255, 0x2000 * 3 + 1])("base64 of %i bytes is what Node writes, and comes back", (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + (i >> 3)) & 255);
  const text = toBase64(bytes);
  expect(text).toBe(Buffer.from(bytes).toString("base64"));
  expect(fromBase64(text)).toEqual(bytes);
});

test.each(["A", "AAA", "A===", "AA=A", "AA\u{e9}A", "A-_A", "AAA\u{141}"])("%j is not base64", (text) => {
  expect(fromBase64(text)).toBeUndefined();
});

test("base64 of a part of a buffer is of that part", () => {
  const part = new Int32Array([1, 2, 3, 4]).subarray(1, 3);
  expect(int32FromBase64(toBase64(part))).toEqual(new Int32Array([2, 3]));
  expect(float64FromBase64(toBase64(new Float64Array([0.1, -0, 1e300])))).toEqual(new Float64Array([0.1, -0, 1e300]));
});

test("a tree crosses with its own functions, and says which are only inlined", () => {
  const recording = recordingFromCollapsed(
    `
    unused 1
    main(app.rs)[/opt/app];fast:3<-work:7(app.rs)[/opt/app] 9
    `,
    { language: "rust" },
  );
  const tree = callTree(recording, { event: "cpu" }, { direction: "top-down", minimumShare: 0.5 });
  const columns = treeColumns(recording, tree, "cpu", (fn) => (recording.functions.nameOf(fn) === "main" ? "mine" : "library"));
  expect(int32FromBase64(columns.function)).toEqual(new Int32Array([-1, 0, 1, 2]));
  expect(float64FromBase64(columns.value)).toEqual(new Float64Array([10, 9, 9, 9]));
  const { id, ...functions } = columns.functions;
  expect(id.map((fn) => recording.functions.nameOf(fn))).toEqual(["main", "work", "fast"]);
  expect(functions).toMatchInlineSnapshot(`
    {
      "file": [
        "app.rs",
        "app.rs",
        "app.rs",
      ],
      "inlined": [
        false,
        false,
        true,
      ],
      "language": [
        "rust",
        "rust",
        "rust",
      ],
      "line": [
        0,
        0,
        0,
      ],
      "module": [
        "/opt/app",
        "/opt/app",
        "/opt/app",
      ],
      "name": [
        "main",
        "work",
        "fast",
      ],
      "owner": [
        "mine",
        "library",
        "library",
      ],
    }
  `);
  expect(columns).toMatchObject({ nodes: 4, maxDepth: 3, total: 10, folded: 1, foldedValue: 1, unit: "ns", samples: 2 });
});
