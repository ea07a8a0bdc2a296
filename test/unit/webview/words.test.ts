import { describe, expect, test } from "vitest";
import { formatShare, formatValue } from "../../../webview/format.js";
import { columnsOf, fitLabel } from "../../../webview/labels.js";
import { searchTree } from "../../../webview/search.js";
import { describeNode, emptyWords, foldedWords, searchWords, statusWords } from "../../../webview/words.js";
import { decodeTree } from "../../../webview/graph-tree.js";
import { columnsFromText, nodeNamed, summaryWith, treeFromText } from "./tree-text.js";

const fit = (name: string, columns: number) => fitLabel(name, columnsOf(name), columns);

describe("values in words", () => {
  test.each([
    [0, "ns", "0 ns"],
    [412, "ns", "412 ns"],
    [999.9, "ns", "1.00 µs"],
    [3_214_000, "ns", "3.21 ms"],
    [12_345_678_901, "ns", "12.3 s"],
    [179.6e9, "ns", "3 min 0 s"],
    [1536, "bytes", "1.54 kB"],
    [Number.NaN, "ns", "–"],
  ] as const)("%d %s is %s", (value, unit, words) => {
    expect(formatValue(value, unit)).toBe(words);
  });

  test.each([
    [1, 3, "33.3 %"],
    [1, 1, "100 %"],
    [9996, 10_000, "100 %"],
    [1, 1e6, "< 0.01 %"],
    [0, 5, "0.00 %"],
    [1, 0, "–"],
  ])("%d of %d is %s", (part, whole, words) => {
    expect(formatShare(part, whole)).toBe(words);
  });
});

describe("labels", () => {
  test("a name that fits is whole, and leading parts go first", () => {
    const name = "shop.views.Orders.render";
    expect([24, 23, 18, 14, 9, 6, 4, 3].map((columns) => fit(name, columns))).toMatchInlineSnapshot(`
      [
        "shop.views.Orders.render",
        "…views.Orders.render",
        "…Orders.render",
        "…Orders.render",
        "…render",
        "rende…",
        "ren…",
        "",
      ]
    `);
  });

  test("parts inside brackets are arguments, Go receivers are not", () => {
    expect(fit("std::vector<std::string>::push_back", 14)).toMatchInlineSnapshot(`"…push_back"`);
    expect(fit("shop::Map<std::string>::get_all", 20)).toBe("…get_all");
    expect(fit("router.(*Mux).ServeHTTP", 14)).toBe("…ServeHTTP");
  });

  test("wide characters take two columns and are never halved", () => {
    expect(columnsOf("日本語🚀a")).toBe(9);
    expect(fit("日本語の関数🚀", 8)).toBe("日本語…");
  });

  test("a label never has more columns than there are", () => {
    for (const name of ["a::b::c<d::e>::f", "日本.語", "....", "x".repeat(99), "a/b/c.go:1"]) {
      for (let columns = 0; columns < 40; columns++) expect(columnsOf(fit(name, columns))).toBeLessThanOrEqual(columns);
    }
  });
});

describe("what the page says", () => {
  const tree = treeFromText("main 1000000\n  walk 3000000");

  test("a box in full", () => {
    expect(describeNode(tree, nodeNamed(tree, "walk"))).toMatchInlineSnapshot(`
      {
        "kind": "Your code · Python",
        "name": "walk",
        "of": "4.00 ms of CPU time",
        "place": "/src/walk.py:2",
        "self": "3.00 ms (75.0 %)",
        "total": "3.00 ms (75.0 %)",
      }
    `);
    expect(describeNode(tree, 0).name).toBe("all");
  });

  test("the box at the end of what is transferred is a file or a peer, of no place and no language", () => {
    const columns = columnsFromText("write 1\n  [orders.log] 2");
    const functions = { ...columns.functions, file: ["", ""], module: ["", ""], language: ["c", "kernel"] as const };
    const subject = (event: "io_write" | "cpu") => {
      const tree = decodeTree({ ...columns, event, functions });
      return describeNode(tree, nodeNamed(tree, "[orders.log]"));
    };
    expect(subject("io_write")).toMatchObject({ place: "What was transferred with: a file, a pipe or a peer", kind: "" });
    expect(subject("cpu").place).toBe("Place unknown");
  });

  test("a box that stands for missing callers says so, and a function that has the same name doesn't", () => {
    const columns = columnsFromText("[truncated] 1\n  [broken] 2");
    const unnamed = { ...columns.functions, file: ["", "/src/odd.py"], module: ["", ""] };
    const cut = decodeTree({ ...columns, functions: unnamed });
    expect(describeNode(cut, nodeNamed(cut, "[truncated]"))).toMatchObject({
      name: "[truncated]",
      place: "Outer callers are missing: the stack is deeper than what can be recorded, 128 frames or some more",
      kind: "",
    });
    expect(describeNode(cut, nodeNamed(cut, "[broken]")).place).toBe("/src/odd.py:2");
  });

  test("a clean recording says that nothing was lost; a lossy one says all of it", () => {
    expect(statusWords(summaryWith(), tree, 0)).toMatchInlineSnapshot(`
      [
        "4,000,000 samples, 4.00 ms of CPU time",
        "over 3.00 s",
        "no sample lost",
      ]
    `);
    const loss = { lost: 3, leafOnly: 1, truncated: 20, broken: 4, unresolvedFrames: 5 };
    expect(statusWords(summaryWith({ loss, live: true, warnings: ["The file ends early."] }), tree, 1234)).toMatchInlineSnapshot(`
      [
        "4,000,000 samples, 4.00 ms of CPU time",
        "recording for 3.00 s",
        "3 samples lost",
        "1 sample with the last frame only",
        "20 samples cut at the depth limit",
        "4 samples not unwound to the end",
        "5 frames without a name",
        "1,234 boxes too narrow to draw",
        "The file ends early.",
      ]
    `);
  });

  test("a graph of waits says of how many the stack was taken; one of CPU time does not", () => {
    const loss = { lost: 0, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0, waits: 3_004_911, waitStacks: 1260 };
    const waits = decodeTree({ ...columnsFromText("main 96"), event: "off_cpu" });
    expect(statusWords(summaryWith({ loss }), waits, 0)).toContain("stacks of 1,260 of 3,004,911 waits");
    expect(statusWords(summaryWith({ loss }), tree, 0).join()).not.toContain("waits");
  });

  test("what was left out and what was found", () => {
    const folded = decodeTree({ ...columnsFromText("main 96"), folded: 12, foldedValue: 4 });
    expect(foldedWords(folded)).toBe("12 small boxes left out (4.17 %)");
    expect(foldedWords(tree)).toBe("");
    const [some, none] = [searchTree(tree, "walk"), searchTree(tree, "absent")];
    expect(some && searchWords(tree, some)).toBe("75.0 % in 1 box");
    expect(none && searchWords(tree, none)).toBe("No match");
  });

  test("every kind of nothing has its own sentence", () => {
    const empty = decodeTree({ ...columnsFromText("main 0"), samples: 0 });
    const valueless = decodeTree({ ...columnsFromText("main 0"), samples: 7 });
    const none = summaryWith({ events: [] });
    const sentences = [
      emptyWords(null, undefined),
      emptyWords(summaryWith(), undefined),
      emptyWords(summaryWith({ live: true }), undefined),
      emptyWords({ ...none, live: true }, null),
      emptyWords(none, null),
      emptyWords(summaryWith(), empty),
      emptyWords(summaryWith(), valueless),
    ];
    expect(sentences).toMatchInlineSnapshot(`
      [
        "No recording is open. Run “Flameline: Profile This Workspace”, or open a profile file.",
        "Reading the recording…",
        "Waiting for the first samples…",
        "No samples yet: nothing that is recorded has used the processor so far.",
        "This recording has no samples: nothing that was recorded ran while it was made.",
        "No samples of CPU time in what is chosen above: choose another event, process, thread or time.",
        "The 7 samples of CPU time chosen above have no value.",
      ]
    `);
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  test("one sample is something", () => {
    expect(emptyWords(summaryWith(), treeFromText("main 1"))).toBeUndefined();
  });
});
