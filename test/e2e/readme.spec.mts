/** The commands of the README and of docs/ do what is said there. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { root } from "../../scripts/paths.mjs";
import { flameline, freshHelper, OWN_ENV, scratchFolder, WHY_NOT } from "../support/flameline.mjs";

const documents = ["README.md", ...readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`), "ARCHITECTURE.md"].filter(
  (name) => name.endsWith(".md") && existsSync(path.join(root, name)),
);
const texts = new Map(documents.map((name) => [name, readFileSync(path.join(root, name), "utf8")]));
const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

/** The lines of all fenced blocks of one language. */
function fenced(text: string, language: string): string[] {
  const blocks = [...text.matchAll(/^```([a-z]*)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === language);
  return blocks.flatMap((match) => (match[2] ?? "").split("\n")).filter((line) => line.trim() !== "");
}

/** `npm start`, `npm test` and `npm run …`, wherever a document names them. */
function npmScripts(text: string): string[] {
  const named = [...text.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)].map((match) => match[1] ?? "");
  return [...named, ...[...text.matchAll(/\bnpm (start|test)\b/g)].map((match) => match[1] ?? "")];
}

test("every npm command that a document names is in package.json, and its file exists", () => {
  for (const [name, text] of texts) {
    for (const script of npmScripts(text)) {
      expect(scripts, name).toHaveProperty([script]);
      const file = /\b(?:scripts|bpf-helper)\/[\w./-]+/.exec(scripts[script] ?? "")?.[0];
      expect(file === undefined || existsSync(path.join(root, file)), `${name}: npm run ${script}`).toBe(true);
    }
  }
});

test("every link and picture of a document leads to a file", () => {
  for (const [name, text] of texts) {
    for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (!/^[a-z]+:/.test(target)) {
        expect(existsSync(path.resolve(root, path.dirname(name), target)), `${name} links to ${target}`).toBe(true);
      }
    }
  }
});

test("docs/command.md has the synopsis of each command as its help says it", async () => {
  const { stdout } = await flameline(["help"], { env: {} });
  const usages = stdout.split("\n").flatMap((line) => /^ {2}(flameline .*)$/.exec(line)?.[1] ?? []);
  const plain = (line: string) => line.replaceAll(/\s+/g, " ").trim();
  const synopsis = fenced(texts.get("docs/command.md") ?? "", "").filter((line) => line.startsWith("flameline "));
  expect(synopsis.map(plain)).toEqual(usages.map(plain));
});

test("the commands in fenced blocks run as they stand there", async () => {
  test.setTimeout(180_000);
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  const helper = await freshHelper();
  const scratch = scratchFolder();
  // They write files: so not in the checkout, but where it looks like one.
  symlinkSync(path.join(root, "dist"), path.join(scratch.path, "dist"));
  const serviceIsHere = existsSync("/usr/local/lib/flameline") || existsSync("/opt/flameline");
  let ran = 0;
  try {
    for (const [name, text] of texts) {
      for (const line of fenced(text, "sh")) {
        if (npmScripts(line).length > 0) {
          continue; // These are stages of the tests themselves.
        }
        if (serviceIsHere && / helper (un)?install/.test(line)) {
          continue; // This machine's own service is left alone.
        }
        const { status, output } = await shell(line, scratch.path);
        // The doctor of a machine that lacks something says so by its status.
        const accepted = line.includes(" doctor") ? [0, 3] : [0];
        expect(accepted, `${name}: ${line}\n${output}`).toContain(status);
        expect(output, line).not.toMatch(/\n\s+at /);
        ran++;
      }
    }
    expect(ran).toBeGreaterThanOrEqual(4);
    expect(readFileSync(path.join(scratch.path, "run.txt"), "utf8")).toMatch(/;\S.* \d+$/m);
  } finally {
    helper.stop();
    if (!serviceIsHere) spawnSync(path.join(root, "dist/flameline-helper"), ["uninstall"]);
    scratch.remove();
  }
});

function shell(line: string, cwd: string): Promise<{ status: number | null; output: string }> {
  const child = spawn("bash", ["-c", line], { cwd, env: { ...process.env, ...OWN_ENV }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      output += text.toString("utf8");
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, output }));
  });
}
