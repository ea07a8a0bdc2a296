import { expect, test } from "vitest";
import { rolesOf } from "../../../profile/workers.js";
import type { ProcessRow } from "../../../protocol/helper.js";

const row = (pid: number, parentPid: number, ...commandLine: string[]): ProcessRow => {
  return { pid, parentPid, commandLine, name: "p", executable: "", workingDirectory: "", root: "/", uid: 0, startNs: 0 };
};

test("processes are of one role where parent and command line are the same", () => {
  const rows = [row(1, 0, "jest"), row(2, 1, "node", "worker.js"), row(3, 1, "node", "worker.js"), row(4, 9, "node", "worker.js")];
  expect([...rolesOf(rows)]).toEqual([0, 1, 1, 3]);
  expect([...rolesOf([row(2, 1, "node", "8001"), row(3, 1, "node", "8002"), row(4, 1, "node 8001")])]).toEqual([0, 1, 2]);
});

test("Python's multiprocessing differs by the numbers of its pipes alone", () => {
  const spawned = (pid: number, pipe: number) =>
    row(pid, 1, "python3", "-c", `from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=${pipe})`);
  expect([...rolesOf([spawned(2, 7), spawned(3, 9)])]).toEqual([0, 0]);
});

test("of those without a command line nobody knows what they do", () => {
  expect([...rolesOf([row(2, 1), row(3, 1)])]).toEqual([0, 1]);
});
