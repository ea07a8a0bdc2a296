// Fuzzes one target in a thread of its own, which whoever started it watches and may end.
import { parentPort, workerData } from "node:worker_threads";
import { Random } from "./random.js";
import { fuzz } from "./run.js";
import { removeScratch, TARGETS } from "./targets.js";

interface Order {
  readonly target: string;
  readonly root: string;
  readonly seconds: number;
  readonly seed: number;
  /** The input at work: its number, its length, its bytes. */
  readonly counters: Int32Array;
  readonly input: Uint8Array;
}

const { target: name, root, seconds, seed, counters, input } = workerData as Order;
const target = TARGETS[name];
if (target === undefined) throw new Error(`there is no target ${name}`);
const end = Date.now() + seconds * 1000;
const inputs = await fuzz(
  target,
  target.seeds(root),
  new Random(seed),
  () => Date.now() < end,
  (bytes) => {
    input.set(bytes);
    Atomics.store(counters, 1, bytes.length);
    Atomics.add(counters, 0, 1);
  },
);
removeScratch();
parentPort?.postMessage({ inputs });
