import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { pageKey } from "../../../profile/page-key.js";
import { atOnce } from "../../../profile/steps.js";
import { encodePageInSteps } from "../../../profile-files/html-page.js";
import type { StandalonePage } from "../../../protocol/webview.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const HOSTILE = [
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "\u202egnp.exe",
  "\u2028x\u2029",
  "nul\u0000",
  "a\ud800b",
  "x".repeat(100_000),
];
const ASSETS = {
  script: 'console.log("page");\n//# sourceMappingURL=webview.js.map\n',
  style: "body{color:red}\n/*# sourceMappingURL=webview.css.map */\n",
};

function pageOf(names: readonly string[]): string {
  const recording = recordingFromCollapsed([...names.map((_, i) => `main;f${i} ${i + 1}`), "main;wait 5"].join("\n"), {
    events: [...names.map(() => "cpu" as const), "off_cpu"],
  });
  names.forEach((name, i) => (recording.stringTable.values[recording.stringTable.find(`f${i}`)] = name));
  const content = {
    recording,
    name: names[0] ?? "",
    event: "cpu" as const,
    warnings: ["One <b>thing</b>."],
    ownerOf: () => "mine" as const,
  };
  return atOnce(encodePageInSteps(content, ASSETS)).join("");
}

test("no name in it ends the data, becomes markup or turns the text around", () => {
  const html = pageOf(HOSTILE);
  expect(html.match(/<script/g)?.length).toBe(2);
  expect(html.match(/<\/script>/g)?.length).toBe(2);
  expect(html).not.toMatch(/<!--|[\u2028-\u202e\u2066-\u2069]/);
  expect(/<title>(.*)<\/title>/.exec(html)?.[1]).toBe("&lt;/script>&lt;script>alert(1)&lt;/script> – Flameline");
  const data = /<script type="application\/json" id="flameline-page">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  const page = JSON.parse(data) as StandalonePage;
  const tree = page.trees[pageKey({ event: "cpu" }, "top-down")];
  for (const name of [HOSTILE[0], HOSTILE[6]]) expect(tree?.functions.name).toContain(name);
  expect(Object.keys(page.trees)).toEqual([
    "cpu top-down",
    "cpu bottom-up",
    "off_cpu top-down",
    "off_cpu bottom-up",
    "off_cpu top-down idle",
    "off_cpu bottom-up idle",
  ]);
  expect(page.summary.warnings).toEqual(["One <b>thing</b>."]);
  expect(page.summary.processes).toEqual([]);
});

test("nothing runs but its own script, and nothing is loaded", () => {
  const html = pageOf(["a"]);
  const digest = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
  const script = /<script>(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
  expect(script).toBe('console.log("page");\n');
  expect(policy.split("; ").slice(0, 4)).toEqual([
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    `script-src ${digest(script)}`,
  ]);
  expect(policy).toContain(`style-src ${digest(style)} 'nonce-`);
  expect(html).not.toMatch(/\b(src|href)=|sourceMappingURL/);
});

test("a tree of more boxes than a page should have is folded, and says how much", () => {
  const names = Array.from({ length: 160_000 }, (_, i) => `main;f${i} ${1 + (i % 5)}`).join("\n");
  const recording = recordingFromCollapsed(names);
  const parts = atOnce(encodePageInSteps({ recording, name: "large", event: "cpu", warnings: [], ownerOf: () => "mine" }, ASSETS));
  const page = JSON.parse(parts[1] ?? "") as StandalonePage;
  const tree = page.trees["cpu top-down"];
  expect(tree?.nodes).toBeLessThanOrEqual(150_000);
  expect(tree?.folded).toBeGreaterThan(0);
  expect(tree?.total).toBe(recording.samples.value.view().reduce((sum, each) => sum + each, 0));
});
