// How long it takes from asking for a recording to its first sample, and what the helper then takes of the memory.
import { startHelper } from "../../scripts/helper.mjs";
import { isRoot } from "../../scripts/shell.mjs";
import { OWN_UID } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { runProgram, sleep } from "../support/programs.mjs";

const COLD_STARTS = 3;
const WARM_STARTS = 10;
/** The engine knows the programs of the machine by then. */
const SETTLED_SECONDS = 20;

export const bench = {
  title: "Start of a recording (one busy program; the helper is not running at a cold start)",
  whyNot: () => (isRoot ? undefined : "it records with the real helper and needs root"),
  run: async ({ scale }) => {
    const program = runProgram(["python3", "-c", "while True: sum(i * i for i in range(10000))"]);
    try {
      await sleep(500);
      const cold = [];
      const warm = [];
      let memory;
      for (let round = 0; round < Math.max(1, COLD_STARTS * scale); round++) {
        const began = performance.now();
        const helper = await startHelper(OWN_UID + 3);
        try {
          const client = await connectToHelper(helper.socket);
          const first = await firstSample(client, program.pid, 0);
          cold.push((first.at - began) / 1000);
          for (let again = 0; again < Math.max(2, (WARM_STARTS * scale) / COLD_STARTS); again++) {
            const asked = performance.now();
            warm.push(((await firstSample(client, program.pid, 0)).at - asked) / 1000);
          }
          memory ??= (await firstSample(client, program.pid, Math.max(1, SETTLED_SECONDS * scale))).cost;
          client.close();
        } finally {
          await helper.stop();
        }
      }
      return [
        { what: "cold start to the first sample", value: median(cold), unit: "s", target: 3, note: `median of ${cold.length}` },
        { what: "warm start to the first sample", value: median(warm), unit: "s", target: 0.5, note: `median of ${warm.length}` },
        {
          what: "helper's memory",
          value: (memory.residentBytes + memory.mapBytes) / 1e6,
          unit: "MB",
          target: 150,
          note: `${(memory.residentBytes / 1e6).toFixed(0)} MB resident with the symbolizer, ${(memory.mapBytes / 1e6).toFixed(0)} MB of BPF maps`,
        },
      ];
    } finally {
      program.stop();
    }
  },
};

/** Records until the first sample has come and for some seconds more. */
async function firstSample(client, pid, seconds) {
  let arrived;
  let cost;
  const came = deferred();
  const recording = await client.record({ target: { kind: "process", pid, children: true } }, (batch) => {
    cost = batch.cost;
    if (arrived === undefined && batch.samples.timeNs.length > 0) {
      arrived = performance.now();
      came.resolve();
    }
  });
  await came.promise;
  await sleep(1000 * seconds);
  await recording.stop();
  return { at: arrived, cost };
}

/** Node 20 has no `Promise.withResolvers`. */
function deferred() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
