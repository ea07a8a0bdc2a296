import { describe, expect, test } from "vitest";
import type { FromWebview } from "../../../protocol/webview.js";
import { type Change, FlameGraphModel } from "../../../webview/flame-graph-model.js";
import { FIRST_VIEW, readSavedView } from "../../../webview/saved-view.js";
import type { Clock } from "../../../webview/tree-requests.js";
import { columnsFromText, summaryWith } from "./tree-text.js";

const CPU = { event: "cpu" } as const;

/** A model whose time moves only when told. */
function start(saved = FIRST_VIEW) {
  const timers: { due: number; run: () => void }[] = [];
  let now = 0;
  const clock: Clock = { now: () => now, after: (ms, run) => timers.push({ due: now + ms, run }) };
  const sent: FromWebview[] = [];
  const changes: Change[] = [];
  const model = new FlameGraphModel((message) => sent.push(message), saved, clock);
  model.onChange = (change) => changes.push(change);
  const advance = (ms: number) => {
    for (const end = now + ms; now < end; ) {
      now++;
      for (const timer of timers.splice(0)) {
        if (timer.due <= now) timer.run();
        else timers.push(timer);
      }
    }
  };
  const asked = () => sent.flatMap((message) => (message.type === "getTree" ? [message.request] : []));
  const answer = (request: number, text = "main 5") =>
    model.receive({ type: "tree", request, direction: "top-down", tree: columnsFromText(text) });
  return { model, sent, changes, advance, asked, answer };
}

describe("the conversation with the extension", () => {
  test("a live recording is asked for at most once a second, however often it changes", () => {
    const { model, asked, advance, answer } = start();
    let answered = 0;
    for (let quarter = 0; quarter < 20; quarter++) {
      model.receive({ type: "recording", summary: summaryWith({ live: true, durationNs: quarter }), selection: CPU });
      if (asked().length > answered) answer(++answered);
      advance(250);
    }
    expect(asked().length).toBeGreaterThanOrEqual(5);
    expect(asked().length).toBeLessThanOrEqual(6);
  });

  test("nothing more is asked while an answer is under way, and slow answers are asked for less often", () => {
    const { model, asked, advance, answer } = start();
    let durationNs = 0;
    const changed = () =>
      model.receive({ type: "recording", summary: summaryWith({ live: true, durationNs: durationNs++ }), selection: CPU });
    changed();
    advance(5000);
    changed();
    expect(asked()).toEqual([1]);
    answer(1);
    expect(asked()).toEqual([1]); // it took 5 s: the next is due 15 s after the question
    advance(9000);
    expect(asked()).toEqual([1]);
    advance(1500);
    expect(asked()).toEqual([1, 2]);
  });

  test("a pause holds at once: what is under way or due because the recording grew is not shown, what the user chose is", () => {
    const { model, asked, advance, answer } = start();
    let durationNs = 0;
    const grow = () => model.receive({ type: "recording", summary: summaryWith({ live: true, durationNs: durationNs++ }), selection: CPU });
    grow();
    answer(1, "main 1");
    grow(); // due in a second
    model.pause();
    advance(5000);
    expect(asked()).toEqual([1]);
    model.pause(); // followed again
    expect(asked()).toEqual([1, 2]);
    answer(2, "main 2");
    grow();
    advance(1500);
    expect(asked()).toEqual([1, 2, 3]);
    model.pause();
    answer(3, "main 3");
    expect(model.tree?.total).toBe(2);
    model.select({ event: "cpu", pids: [7] });
    answer(4, "main 4");
    expect(model.tree?.total).toBe(4);
  });

  test("a stopped recording is asked for at once", () => {
    const { model, asked, answer } = start();
    model.receive({ type: "recording", summary: summaryWith({ live: true }), selection: CPU });
    answer(1);
    model.receive({ type: "recording", summary: summaryWith({ live: false }), selection: CPU });
    expect(asked()).toEqual([1, 2]);
  });

  test("what the user chose is asked for at once, told to all views, and older answers are thrown away", () => {
    const { model, sent, answer, asked } = start();
    model.receive({ type: "recording", summary: summaryWith(), selection: CPU });
    model.select({ event: "cpu", pids: [7] });
    expect(sent).toContainEqual({ type: "select", selection: { event: "cpu", pids: [7] } });
    expect(asked()).toEqual([1, 2]);
    answer(1, "old 1");
    expect(model.tree).toBeUndefined();
    answer(2, "new 1");
    expect(model.tree?.functions.name).toEqual(["new"]);
  });

  test("the extension's echo of a choice asks for nothing more", () => {
    const { model, asked } = start();
    model.receive({ type: "recording", summary: summaryWith(), selection: CPU });
    model.select({ event: "cpu", pids: [7] });
    model.receive({ type: "recording", summary: summaryWith(), selection: { event: "cpu", pids: [7] } });
    expect(asked()).toEqual([1, 2]);
  });

  test("the search is done again in every new tree", () => {
    const { model, answer } = start();
    model.receive({ type: "recording", summary: summaryWith(), selection: CPU });
    model.find("walk");
    expect(model.search).toBeUndefined();
    answer(1, "main 1\n  walk 3");
    expect(model.search?.value).toBe(3);
  });

  test("turning the tree around says so, so that no place is looked for in the other direction", () => {
    const { model, changes, sent } = start();
    model.receive({ type: "recording", summary: summaryWith(), selection: CPU });
    model.turn("bottom-up");
    expect(sent.at(-1)).toMatchObject({ type: "getTree", direction: "bottom-up", request: 2 });
    model.receive({ type: "tree", request: 2, direction: "bottom-up", tree: columnsFromText("leaf 1") });
    expect(changes.at(-1)).toEqual({ kind: "tree", turned: true });
  });

  test("folded boxes can be asked for", () => {
    const { model, sent } = start();
    model.receive({ type: "recording", summary: summaryWith(), selection: CPU });
    expect(sent.at(-1)).toMatchObject({ minimumShare: FIRST_VIEW.minimumShare });
    model.unfold();
    expect(sent.at(-1)).toMatchObject({ minimumShare: 0 });
  });

  test("a tree that is none, a failure and a closed recording are said", () => {
    const { model, changes } = start();
    model.receive({ type: "recording", summary: summaryWith(), selection: CPU });
    model.receive({ type: "tree", request: 1, direction: "top-down", tree: columnsFromText("main 5", { end: "AAAA" }) });
    expect(model.tree).toBeNull();
    expect(changes).toContainEqual(expect.objectContaining({ kind: "notice" }));
    model.receive({ type: "failed", request: 0, message: "No source." });
    expect(changes.at(-1)).toEqual({ kind: "notice", message: "No source." });
    model.receive({ type: "recording", summary: null, selection: CPU });
    expect(model.summary).toBeNull();
  });

  test("only the newest question about callers is answered", () => {
    const { model, changes } = start();
    model.askCallers(5);
    model.askCallers(6);
    model.receive({ type: "callers", request: 1, answer: null });
    expect(changes).toEqual([]);
    model.receive({ type: "callers", request: 2, answer: null });
    expect(changes).toEqual([{ kind: "callers", answer: null }]);
  });
});

describe("the kept view", () => {
  test("comes back as it was, but for the selection, which belongs to all views", () => {
    const saved = {
      ...FIRST_VIEW,
      view: { ...FIRST_VIEW.view, search: "x", colorBy: "language" as const },
      anchor: { path: ["a\n\n"], from: 0, to: 1 },
      selected: ["a\n\n"],
      scrollTop: 40,
      minimumShare: 0,
    };
    expect(readSavedView(structuredClone(saved))).toEqual(saved);
  });

  test.each([
    undefined,
    null,
    5,
    {},
    { view: 3 },
    { view: { direction: "sideways", search: 4 }, anchor: { path: [1] }, scrollTop: Number.NaN, selected: "x" },
  ])("%j is no view and gives the first one", (state) => expect(readSavedView(state)).toEqual(FIRST_VIEW));
});

describe("another event", () => {
  const recording = (event: "cpu" | "off_cpu") =>
    ({ type: "recording", summary: summaryWith({ live: false }), selection: { event } }) as const;

  test("waits are coloured by what they are for, and the colours of before come back", () => {
    const { model } = start();
    model.receive(recording("cpu"));
    model.receive(recording("off_cpu"));
    expect(model.view.colorBy).toBe("waits");
    model.receive(recording("cpu"));
    expect(model.view.colorBy).toBe("owner");
  });

  test("colours that the user chose stay", () => {
    const { model } = start();
    model.receive(recording("cpu"));
    model.color("language");
    model.select({ event: "off_cpu" });
    expect(model.view.colorBy).toBe("language");
    model.color("owner");
    model.receive(recording("off_cpu"));
    expect(model.view.colorBy).toBe("owner");
  });

  test("a tree of another event is asked for when another view chose it", () => {
    const { model, asked } = start();
    model.receive(recording("cpu"));
    const before = asked().length;
    model.receive(recording("off_cpu"));
    model.receive(recording("off_cpu"));
    expect(asked().length).toBe(before + 1);
  });
});
