import { describe, expect, test } from "vitest";
import { flameGraphHtml } from "../../../extension/flame-graph-html.js";
import { readFromWebview } from "../../../extension/flame-graph-messages.js";

const SELECTION = { event: "cpu", fromNs: 0, toNs: 5, pids: [1], threads: [0, 2] };

describe("messages from the page", () => {
  test.each([
    { type: "ready" },
    { type: "getTree", request: 1, direction: "bottom-up", selection: SELECTION, minimumShare: 0.5 },
    { type: "getCallers", request: 2, function: 9, selection: { event: "memory" } },
    { type: "openSource", function: 0, selection: SELECTION, preserveFocus: true },
    { type: "getTable", request: 3, kind: "modules", selection: SELECTION },
    { type: "openRow", kind: "lines", id: 4, selection: SELECTION, preserveFocus: false },
    { type: "getFindings", request: 5, selection: SELECTION },
    { type: "openFinding", id: "foreign-cost:1:2:3" },
    { type: "annotate", function: 7 },
    { type: "select", selection: SELECTION },
    { type: "select", selection: { event: "off_cpu", idle: true, waits: ["lock", "run queue"] } },
    { type: "copy", text: "a" },
    { type: "picture", format: "svg", data: "<svg/>" },
  ])("$type is read as it is", (message) => {
    expect(readFromWebview(message)).toEqual(message);
  });

  test.each([
    null,
    "ready",
    [],
    {},
    { type: "command", command: "workbench.action.terminal.sendSequence" },
    { type: "getTree", request: 1, direction: "sideways", selection: SELECTION, minimumShare: 0 },
    { type: "getTree", request: 1, direction: "top-down", selection: SELECTION, minimumShare: Number.NaN },
    { type: "getTree", request: 1.5, direction: "top-down", selection: SELECTION, minimumShare: 0 },
    { type: "getTree", request: 1, direction: "top-down", selection: { event: "toString" }, minimumShare: 0 },
    { type: "openSource", function: -1, selection: SELECTION, preserveFocus: true },
    { type: "openSource", function: "../../etc/passwd", selection: SELECTION, preserveFocus: true },
    { type: "openSource", function: 1, selection: SELECTION },
    { type: "getTable", request: 3, kind: "toString", selection: SELECTION },
    { type: "openRow", kind: "lines", id: "/etc/passwd", selection: SELECTION, preserveFocus: false },
    { type: "openRow", kind: "lines", id: 4, selection: SELECTION },
    { type: "getFindings", request: -1, selection: SELECTION },
    { type: "openFinding", id: ["a"] },
    { type: "annotate", function: "rm" },
    { type: "select", selection: { event: "cpu", pids: ["1; rm"] } },
    { type: "select", selection: { event: "cpu", fromNs: "0" } },
    { type: "select", selection: { event: "off_cpu", idle: "yes" } },
    { type: "select", selection: { event: "off_cpu", waits: ["lock", "<b>"] } },
    { type: "copy", text: { toString: 1 } },
    { type: "picture", format: "exe", data: "MZ" },
    { type: "picture", format: "png", data: ["AA=="] },
  ])("%j is not read", (message) => {
    expect(readFromWebview(message)).toBeUndefined();
  });

  test("members that are not known do not pass", () => {
    expect(readFromWebview({ type: "select", selection: { event: "cpu", extra: 1 }, more: 2 })).toEqual({
      type: "select",
      selection: { event: "cpu" },
    });
  });

  test("the clipboard gets no more than it should", () => {
    expect(readFromWebview({ type: "copy", text: "x".repeat(1e6) })).toMatchObject({ text: "x".repeat(10_000) });
  });
});

test("the page lets nothing load but our own style and the one script", () => {
  expect(
    flameGraphHtml({
      cspSource: "https://host",
      nonce: "N",
      styleNonce: "S",
      scriptUri: 'https://host/"x.js',
      styleUri: "https://host/x.css?a&b",
    }),
  ).toMatchInlineSnapshot(`
    "<!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src https://host 'nonce-S'; script-src 'nonce-N'">
    <meta property="csp-nonce" content="S">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Flame Graph</title>
    <link rel="stylesheet" href="https://host/x.css?a&amp;b">
    </head>
    <body>
    <script nonce="N" src="https://host/&quot;x.js"></script>
    </body>
    </html>
    "
  `);
});
