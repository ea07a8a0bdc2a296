// Bytes asked of the C library's allocator against the program's own account, and what following them costs: the whole, a call, and how soon
// a program that allocates all the time is let go.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { startHelper } from "../../scripts/helper.mjs";
import { sumsByPlace } from "../support/batch-sums.mjs";
import { buildProgram, whyNoProgram } from "../support/c-programs.mjs";
import { OWN_UID } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { sleep } from "../support/programs.mjs";

const ROUNDS = 3600;
const LEAST_ROUNDS = 100;
const BUSY_SECONDS = 4;
const BOX_SECONDS = 60;

export const bench = {
  title: "Allocations, by function",
  whyNot: whyNoProgram,
  run: async ({ scale }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-allocations-"));
    const rounds = Math.max(LEAST_ROUNDS, Math.round(ROUNDS * scale));
    const program = buildProgram(folder, "allocator", [
      "-g",
      "-O1",
      "-pthread",
      "-fno-builtin",
      "-fno-optimize-sibling-calls",
      `-DROUNDS=${rounds}`,
    ]);
    const helper = await startHelper(OWN_UID + 6);
    const client = await connectToHelper(helper.socket);
    try {
      return [...(await againstItsAccount(client, program)), ...(await busy(client, program))];
    } finally {
      client.close();
      await helper.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Follows a program to its end, or as long as the helper does. */
async function follow(client, command) {
  const child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "ignore"] });
  const output = text(child.stdout);
  const [batches, boxes] = [[], []];
  const recording = await client.record(
    { target: { kind: "process", pid: child.pid, children: false }, events: ["alloc", "heap"], allocationSeconds: BOX_SECONDS },
    (batch) => batches.push(batch),
    (box) => boxes.push(box),
  );
  while (boxes.length === 0) {
    await sleep(20);
  }
  child.stdin.end("g");
  const said = await output;
  await recording.stop();
  return { said, batches, box: boxes.find(({ state }) => state === "closed"), opened: boxes[0] };
}

async function againstItsAccount(client, program) {
  const { said, batches, box } = await follow(client, [program]);
  const found = sumsByPlace(batches, ({ name }) => name, "alloc");
  const errors = [...said.matchAll(/^(\w+) (\d+) \d+$/gm)].map(([, name, bytes]) => ({
    name,
    bytes: Number(bytes),
    error: 100 * Math.abs((found.get(name) ?? 0) / Number(bytes) - 1),
  }));
  const [worst] = errors.toSorted((a, b) => b.error - a.error);
  const least = Math.min(...errors.map(({ bytes }) => bytes));
  return [
    {
      what: "bytes of a function against the program's own account, the worst",
      value: worst.error,
      unit: "%",
      target: 10,
      note: `${errors.length} functions, ${(least / 1e6).toFixed(0)} MB or more each; ${worst.name}`,
    },
    {
      what: "  probes and BPF of a call",
      value: box.costNs / box.calls,
      unit: "ns",
      note: `${box.calls.toLocaleString("en")} calls, stacks of what was drawn among them; ${box.lost} blocks lost`,
    },
    { what: "  the same of the machine", value: 100 * box.share, unit: "%", target: 5 },
  ];
}

async function busy(client, program) {
  const { box, opened } = await follow(client, [program, String(BUSY_SECONDS)]);
  return [
    {
      what: "millions of calls a second are let go after",
      value: (box.timeNs - opened.timeNs) / 1e9,
      unit: "s",
      note: `by ${box.reason}; until then ${(100 * box.share).toFixed(1)} % of the machine`,
    },
  ];
}
