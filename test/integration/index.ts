// VS Code calls run() inside its extension host; the results leave it as a file.
import { readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import Mocha from "mocha";
import { folderIsOpen } from "./window.js";

interface Result {
  readonly title: string;
  readonly state: "passed" | "skipped" | "failed";
  readonly ms?: number;
  readonly error?: string;
}

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", color: false, timeout: 90_000 });
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith(".test.js"))) {
    mocha.addFile(path.join(__dirname, file));
  }
  const results: Result[] = [];
  let failures = 1;
  let loadError: string | undefined;
  try {
    await folderIsOpen();
    failures = await new Promise<number>((resolve) => {
      mocha
        .run(resolve)
        .on("pass", (test) => results.push({ title: test.fullTitle(), state: "passed", ms: test.duration ?? 0 }))
        .on("pending", (test) => results.push({ title: test.fullTitle(), state: "skipped" }))
        .on("fail", (test, error: Error) =>
          results.push({ title: test.fullTitle(), state: "failed", error: error.stack ?? String(error) }),
        );
    });
  } catch (error) {
    loadError = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const file = process.env["FLAMELINE_TEST_RESULTS"];
  if (file !== undefined) {
    writeFileSync(file, JSON.stringify({ results, failures, loadError }, null, 2));
  }
  if (failures > 0) {
    throw new Error(`${failures} tests failed`);
  }
}
