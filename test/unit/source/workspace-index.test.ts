import { expect, test } from "vitest";
import { WorkspaceIndex } from "../../../source/locator/workspace-index.js";
import { FilesInMemory } from "./files-in-memory.js";

test("dependency, version control and build folders are not listed", async () => {
  const files = new FilesInMemory(["/ws/a.js", "/ws/node_modules/x/a.js", "/ws/.git/a.js", "/ws/target/debug/a.js", "/ws/src/a.js"]);
  expect(await new WorkspaceIndex(files, ["/ws"]).named("a.js")).toEqual(["/ws/a.js", "/ws/src/a.js"]);
});

test("nested workspace folders list a file once", async () => {
  const files = new FilesInMemory(["/ws/pkg/a.js"]);
  expect(await new WorkspaceIndex(files, ["/ws", "/ws/pkg"]).named("a.js")).toEqual(["/ws/pkg/a.js"]);
});

test("at its limit the listing stops and says so, and a whole listing says nothing", async () => {
  const many = new FilesInMemory(Array.from({ length: 30 }, (_, n) => `/ws/d${n % 3}/f${n}.c`));
  const cut = new WorkspaceIndex(many, ["/ws"], 20);
  expect(await cut.named("f0.c")).toEqual(["/ws/d0/f0.c"]);
  expect(await cut.named("f29.c")).toEqual([]);
  expect(cut.notice).toMatchInlineSnapshot(`undefined`);
  const whole = new WorkspaceIndex(many, ["/ws"], 30);
  expect(await whole.named("f29.c")).toEqual(["/ws/d2/f29.c"]);
  expect(whole.notice).toBeUndefined();
});
