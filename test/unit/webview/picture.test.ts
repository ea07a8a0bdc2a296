import { expect, test } from "vitest";
import { Boxes, layoutBoxes } from "../../../webview/layout.js";
import { decodeTree } from "../../../webview/graph-tree.js";
import { makeInk, paint } from "../../../webview/painter.js";
import { SvgPen } from "../../../webview/picture.js";
import { callTree } from "../../../profile/tree.js";
import { treeColumns } from "../../../profile/tree-columns.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const HOSTILE = ["</text></svg><script>alert(1)</script>", "\u0001\ud800&\"'", "]]>"];

/** The picture of a recording, 400 device pixels wide, at two of them to a CSS pixel. */
function pictureOf(text: string, names: Readonly<Record<string, string>> = {}): { svg: string; fills: number; texts: string[] } {
  const recording = recordingFromCollapsed(text);
  for (const [old, name] of Object.entries(names)) recording.stringTable.values[recording.stringTable.find(old)] = name;
  const columns = callTree(recording, { event: "cpu" }, { direction: "top-down", minimumShare: 0 });
  const tree = decodeTree(treeColumns(recording, columns, "cpu", () => "mine"));
  const context = { font: "", measureText: (each: string) => ({ width: each.length * 14 }) } as unknown as CanvasRenderingContext2D;
  const ink = makeInk(context, tree, "owner", { kind: "light", background: "#ffffff", focus: "#000000", fontFamily: '"A & B"' }, 2);
  const boxes = new Boxes();
  layoutBoxes(tree, { range: { start: 0, end: tree.total }, width: 400, firstRow: 0, lastRow: 9 }, undefined, boxes);
  const pen = new SvgPen({ width: 400, height: 400 }, 2);
  const texts: string[] = [];
  let fills = 0;
  const marks = { offsetY: 0, firstRow: 0, searching: false, hovered: -1, selected: 1 };
  paint(pen, tree, boxes, ink, marks);
  // The same once more, counted as a canvas gets it.
  const canvas = {
    canvas: { width: 400, height: 400 },
    fillRect: () => void fills++,
    strokeRect: () => undefined,
    fillText: (each: string) => void texts.push(each),
  };
  paint(canvas as unknown as SvgPen, tree, boxes, ink, marks);
  return { svg: pen.svg(), fills, texts };
}

test("an SVG has what the canvas has: each box, each label, the mark of the chosen one, in CSS pixels", () => {
  const { svg, fills, texts } = pictureOf("main;work 60\nmain;idle 40");
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="200" height="200" viewBox="0 0 400 400"/);
  expect([...svg.matchAll(/<rect [^>]*fill="#/g)].length).toBe(fills);
  expect(fills).toBe(5);
  expect([...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)).toEqual(texts);
  expect(texts).toEqual(["all", "main", "work", "idle"]);
  expect([...svg.matchAll(/fill="none" stroke="#000000"/g)].length).toBe(1);
});

test("an inlined call is marked before its name", () => {
  expect(pictureOf("main;work<-loop 60").texts).toEqual(["all", "main", "loop", "↳ work"]);
});

test("names stay text in it, and it stays XML", () => {
  const { svg } = pictureOf("main;a 50\nmain;b 30\nmain;c 20", { main: HOSTILE[0] ?? "", a: HOSTILE[1] ?? "", b: HOSTILE[2] ?? "" });
  expect(svg).not.toContain("<script");
  // Only these elements, each closed, and no bare & or < between them.
  const rest = svg
    .replace(/^<svg [^<>]*>\n/, "")
    .replace(/<\/svg>\n$/, "")
    .replaceAll(/<rect [^<>]*\/>|<text [^<>]*>(?:[^<>&]|&(?:amp|lt|gt|quot);)*<\/text>/g, "");
  expect(rest.trim()).toBe("");
  for (const never of ["\u0001", "\ud800"]) expect(svg).not.toContain(never);
});
