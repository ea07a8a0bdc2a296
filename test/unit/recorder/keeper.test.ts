import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readProfile } from "../../../cli/read-profile.js";
import type { HelperMessage } from "../../../protocol/helper.js";
import { connectRunningHelper } from "../../../recorder/connect-helper.js";
import { FlamelineError } from "../../../recorder/failures.js";
import { Keeper, type KeeperOptions, type KeepState } from "../../../recorder/keep/keeper.js";
import { Ring } from "../../../recorder/keep/ring.js";
import { batch, FakeHelper, HELLO, type Script, started, stopped } from "./fake-helper.js";

let helper: FakeHelper;
let ring: Ring;
const states: string[] = [];

beforeEach(async () => {
  states.length = 0;
  helper = new FakeHelper();
  ring = await Ring.open(helper.path("ring"), { minutes: 10, bytes: 1e6 }, { name: "shop" });
});
afterEach(() => helper.close());

function describeState(state: KeepState): string {
  return state.kind === "waiting" || state.kind === "off" ? `${state.kind} ${state.failure?.kind ?? ""}`.trim() : state.kind;
}

function keep(options: Partial<KeeperOptions> = {}): Keeper {
  return new Keeper(
    {
      ring,
      budget: { cpuShare: 0.01, memoryBytes: 1e9, maxHz: 99 },
      connect: async () => {
        const found = await connectRunningHelper({ machine: helper.machine });
        if (found === undefined) throw new FlamelineError({ kind: "sudo-needs-password", helperPath: "/helper" });
        return found;
      },
      plan: () =>
        Promise.resolve({
          target: { kind: "workspace", folders: ["/src"], excludePids: [], excludeTrees: [], excludePrograms: [] },
          events: ["cpu"],
        }),
      onState: (state) => {
        const text = describeState(state);
        if (states.at(-1) !== text) states.push(text);
      },
      retrySeconds: [0.02],
      ...options,
    },
    true,
  );
}

/** Records ten samples a second for as long as it lives, whatever the number of the recording. */
class Ticking {
  readonly asked: string[] = [];
  #recording = 0;
  #sequence = 0;
  cost = 0;
  /** Cost in each ns of the recording. */
  share = 0;
  #began = Date.now();
  refuses = false;

  readonly script: Script = (message, reply, socket) => {
    const say = (answer: HelperMessage): void => {
      if (socket.readyState === socket.OPEN) reply(answer);
    };
    this.asked.push(message.type === "rate" ? `rate ${message.hz}` : message.type);
    switch (message.type) {
      case "hello":
        return reply(HELLO);
      case "start": {
        this.#begin(message.recording, say);
        const timer = setInterval(() => this.#tick(say), 10);
        socket.on("close", () => clearInterval(timer));
        return;
      }
      case "renew": {
        if (this.refuses) return say({ type: "error", subject: message.next, code: "bad-request", detail: "not now" });
        const [before, batches, account] = [this.#recording, this.#sequence, this.#account()];
        this.#begin(message.next, say);
        return void setTimeout(() => {
          say({ ...batch(before, batches), cost: account });
          say(stopped(before, batches + 1));
        }, 15);
      }
      case "rate":
        return say({ type: "rate", recording: message.recording, timeNs: 0, hz: message.hz });
      case "stop":
        return say(stopped(message.recording, this.#sequence));
      case "processes":
      case "allocations":
      case "debug-file":
        return;
    }
  };

  #begin(recording: number, say: (message: HelperMessage) => void): void {
    this.#recording = recording;
    this.#sequence = 0;
    this.#began = Date.now();
    say({ ...started(recording), startUnixNs: `${Date.now()}000000` });
  }

  #tick(say: (message: HelperMessage) => void): void {
    say({ ...batch(this.#recording, this.#sequence++), cost: this.#account() });
  }

  #account() {
    return {
      bpfNs: this.cost + (Date.now() - this.#began) * 1e6 * this.share,
      helperCpuNs: 0,
      symbolizerCpuNs: 0,
      residentBytes: 100e6,
      mapBytes: 50e6,
    };
  }
}

const segments = (): string[] => readdirSync(ring.folder).filter((name) => name.endsWith(".jsonl"));

test("turns over into segments that each have their own tables, and holds every sample", async () => {
  vi.spyOn(performance, "now").mockImplementation(() => Date.now() * 50);
  try {
    const ticking = new Ticking();
    await helper.listen(ticking.script);
    const keeper = keep({ segmentMs: 5_000 });
    await sleep(700);
    await keeper.stop();
    expect(states).toEqual(["starting", "running", "off"]);
    expect(ticking.asked.filter((each) => each === "renew").length).toBeGreaterThan(2);
    expect(segments().length).toBe(ticking.asked.filter((each) => each === "renew").length + 1);
    let samples = 0;
    for (const name of segments()) {
      const lines = readFileSync(join(ring.folder, name), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as HelperMessage);
      expect([lines[0]?.type, lines.at(-1)?.type]).toEqual(["started", "stopped"]);
      const batches = lines.filter((each) => each.type === "batch");
      expect(batches.map(({ sequence }) => sequence)).toEqual(batches.map((_, index) => index));
      samples += 3 * batches.length;
    }
    expect((await readProfile(ring.folder)).recording.samples.length).toBe(samples);
  } finally {
    vi.restoreAllMocks();
  }
});

test("counts the cost of each segment once", async () => {
  vi.spyOn(performance, "now").mockImplementation(() => Date.now() * 50);
  try {
    const ticking = new Ticking();
    // 0.6 % of two processors, told from the beginning of each recording.
    ticking.share = 0.012 * 50;
    await helper.listen(ticking.script);
    const keeper = keep({ segmentMs: 5_000, ownCpuNs: () => 0 });
    // One reading may be late on a busy machine, most are not.
    const shares: number[] = [];
    for (let look = 0; look < 40; look++) {
      await sleep(50);
      shares.push(keeper.figures?.share ?? 0);
    }
    await keeper.stop();
    expect(ticking.asked.filter((each) => each === "renew").length).toBeGreaterThan(5);
    const median = shares.toSorted((a, b) => a - b)[20] ?? 0;
    expect(median).toBeGreaterThan(0.0045);
    expect(median).toBeLessThan(0.0085);
  } finally {
    vi.restoreAllMocks();
  }
});

test("goes on in its segment when the helper refuses to turn, and asks again", async () => {
  vi.spyOn(performance, "now").mockImplementation(() => Date.now() * 50);
  try {
    const ticking = new Ticking();
    ticking.refuses = true;
    await helper.listen(ticking.script);
    const lines: string[] = [];
    const keeper = keep({ segmentMs: 1_000, log: (line) => lines.push(line) });
    await sleep(500);
    expect(segments()).toHaveLength(1);
    expect(lines.filter((line) => line.includes("the segment goes on")).length).toBeGreaterThan(1);
    ticking.refuses = false;
    await sleep(300);
    await keeper.stop();
    expect(segments().length).toBeGreaterThan(1);
  } finally {
    vi.restoreAllMocks();
  }
});

test("begins again by itself when the helper is gone, and what was before is there", async () => {
  const ticking = new Ticking();
  let connections = 0;
  await helper.listen((message, reply, socket) => {
    ticking.script(message, reply, socket);
    if (message.type === "start" && connections++ < 2) setTimeout(() => socket.terminate(), 100);
  });
  const keeper = keep();
  await sleep(700);
  await keeper.stop();
  expect(states).toEqual([
    "starting",
    "running",
    "waiting helper-closed",
    "starting",
    "running",
    "waiting helper-closed",
    "starting",
    "running",
    "off",
  ]);
  expect(segments()).toHaveLength(3);
  const { recording } = await readProfile(ring.folder);
  const written = segments().flatMap((name) => readFileSync(join(ring.folder, name), "utf8").trim().split("\n"));
  expect(recording.samples.length).toBe(3 * written.filter((line) => line.includes('"type":"batch"')).length);
});

test("asks for a password only where a person has just asked for it", async () => {
  const asked: boolean[] = [];
  const keeper = keep({
    connect: (mayAsk) => {
      asked.push(mayAsk);
      return Promise.reject(new FlamelineError({ kind: "sudo-needs-password", helperPath: "/helper" }));
    },
    retrySeconds: [0.05],
  });
  await sleep(200);
  expect(asked[0]).toBe(true);
  expect(asked.slice(1)).not.toContain(true);
  const before = asked.length;
  keeper.retry();
  await sleep(20);
  expect(asked.slice(before, before + 1)).toEqual([true]);
  await keeper.stop();
  expect(states.at(-1)).toBe("off");
});

test("lowers its rate with the cost that it is told, and pauses", async () => {
  vi.spyOn(performance, "now").mockImplementation(() => Date.now() * 100);
  try {
    const ticking = new Ticking();
    await helper.listen(ticking.script);
    const keeper = keep({ segmentMs: 1e9, ownCpuNs: () => 0 });
    // Half as much again as the budget, whatever the rate is, in the clock of this test.
    const began = Date.now();
    const timer = setInterval(() => (ticking.cost = (Date.now() - began) * 100 * 1e6 * 0.015 * 2), 5);
    await sleep(1_200);
    clearInterval(timer);
    const rates = ticking.asked.filter((each) => each.startsWith("rate"));
    expect(rates.at(0)).toMatch(/^rate [1-9]/);
    expect(rates).toContain("rate 0");
    expect(keeper.figures).toMatchObject({ hz: 0, reason: expect.stringMatching(/^paused-/), memoryBytes: 150e6 });
    await keeper.stop();
  } finally {
    vi.restoreAllMocks();
  }
});

test("a disk that can't be written is one sentence and tried again later", async () => {
  await helper.listen(new Ticking().script);
  let full = true;
  const make = ring.segment.bind(ring);
  vi.spyOn(ring, "segment").mockImplementation(async (startUnixMs) => {
    const segment = await make(startUnixMs);
    if (full) segment.append = () => Promise.reject(new FlamelineError({ kind: "file-not-written", path: ring.folder, detail: "ENOSPC" }));
    return segment;
  });
  const keeper = keep({ retrySeconds: [0.1] });
  await sleep(150);
  full = false;
  await sleep(300);
  await keeper.stop();
  expect(states).toContain("waiting file-not-written");
  expect(states.slice(-2)).toEqual(["running", "off"]);
});
