import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WAIT_CLASSES } from "../../../protocol/events.js";

test("the helper's classes of waits are those that the views know", () => {
  const source = readFileSync(join(import.meta.dirname, "../../../bpf-helper/internal/capture/wait_class.go"), "utf8");
  const inHelper = [...source.matchAll(/^\tWait\w+ +WaitClass = "([^"]+)"/gm)].map(([, name]) => name);
  expect(inHelper.length).toBeGreaterThan(5);
  expect(new Set(inHelper)).toEqual(new Set(WAIT_CLASSES));
});
