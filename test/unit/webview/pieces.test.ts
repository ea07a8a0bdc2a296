/** Large trees come to the screen in pieces: in between the page answers, and what is newer wins. */
import { expect, test } from "vitest";
import type { TreeColumns } from "../../../protocol/queries.js";
import { syntheticColumns, toWire } from "../../bench/flame-graph-tree.mjs";
import { decodeTree } from "../../../webview/graph-tree.js";
import { type Change, FlameGraphModel } from "../../../webview/flame-graph-model.js";
import { FIRST_VIEW } from "../../../webview/saved-view.js";
import { searchTree } from "../../../webview/search.js";
import { shapeTree } from "../../../webview/shape.js";
import { columnsFromText, summaryWith } from "./tree-text.js";

const CPU = { event: "cpu" } as const;
const LARGE: TreeColumns = toWire(syntheticColumns(200_000));
const FOLDED = { fold: "libraries", recursion: false, hidden: [] } as const;

/** Each look at the clock takes longer than the page may be busy, so that it pauses wherever it can. */
function start() {
  let now = 0;
  const due: (() => void)[] = [];
  const changes: Change["kind"][] = [];
  const model = new FlameGraphModel(() => undefined, FIRST_VIEW, { now: () => (now += 1000), after: (_, run) => due.push(run) });
  model.onChange = ({ kind }) => changes.push(kind);
  model.receive({ type: "recording", summary: summaryWith({ durationNs: 1 }), selection: CPU });
  changes.length = 0;
  const pieces = (most = Number.POSITIVE_INFINITY) => {
    let count = 0;
    for (let run = due.shift(); run !== undefined; run = count < most ? due.shift() : undefined) {
      count++;
      run();
    }
    return count;
  };
  const answer = (request: number, tree = LARGE) => model.receive({ type: "tree", request, direction: "top-down", tree });
  return { model, changes, pieces, answer };
}

test("a large tree is shown when it is whole, with what the search finds in it", () => {
  const { model, changes, pieces, answer } = start();
  model.find("render");
  model.reshape(FOLDED);
  changes.length = 0;
  answer(1);
  expect(pieces(5)).toBe(5);
  expect([model.tree, changes]).toEqual([undefined, []]);
  expect(pieces()).toBeGreaterThan(10);
  expect(changes).toEqual(["tree"]);
  const whole = shapeTree(decodeTree(LARGE), FOLDED, "top-down");
  expect(model.tree?.count).toBe(whole.count);
  expect(model.tree?.value).toEqual(whole.value);
  expect(model.search?.nodes).toBe(searchTree(whole, "render")?.nodes);
});

test("what the user types meanwhile is what is searched for", () => {
  const { model, pieces, answer } = start();
  answer(1);
  pieces(3);
  model.find("parse");
  pieces();
  expect(model.search?.text).toBe("parse");
  model.find("render");
  pieces(1);
  model.find("");
  pieces();
  expect(model.search).toBeUndefined();
});

test("another recording, and none, end what is under way", () => {
  const { model, changes, pieces, answer } = start();
  answer(1);
  pieces(3);
  model.receive({ type: "recording", summary: { ...summaryWith({ durationNs: 1 }), id: "other" }, selection: CPU });
  answer(2, columnsFromText("main 5"));
  expect(model.tree?.count).toBe(2);
  pieces();
  expect(model.tree?.count).toBe(2);
  model.receive({ type: "recording", summary: { ...summaryWith({ durationNs: 1 }), id: "third" }, selection: CPU });
  answer(3);
  pieces(3);
  model.receive({ type: "recording", summary: null, selection: CPU });
  changes.length = 0;
  pieces();
  expect([model.tree, changes]).toEqual([null, []]);
});

test("a column that is too short or no base64 is told in a sentence", () => {
  const { model, changes, answer } = start();
  for (const [index, value] of [LARGE.value.slice(4), `${LARGE.value.slice(0, -4)}AA*A`].entries()) {
    changes.length = 0;
    answer(index + 1, { ...columnsFromText("main 5"), value });
    expect(model.tree).toBeNull();
    expect(changes).toContain("notice");
    model.receive({ type: "recording", summary: { ...summaryWith({ durationNs: 2 }), id: `other${index}` }, selection: CPU });
  }
});
