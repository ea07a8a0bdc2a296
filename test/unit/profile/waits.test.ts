import { expect, test } from "vitest";
import { decodePprof } from "../../../profile/formats/pprof.js";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import type { Recording } from "../../../profile/recording.js";
import { leftOutSum } from "../../../profile/selection.js";
import { stackSums } from "../../../profile/cost.js";
import { waitSums } from "../../../profile/wait-sums.js";
import type { Selection } from "../../../protocol/queries.js";
import { type ColumnOptions, recordingFromCollapsed } from "../../support/profile-text.js";

const S = 1e9;
const WAITS: Selection = { event: "off_cpu" };

/** Waits of a second each, one after the other, unless times are given. */
function waits(text: string, options: ColumnOptions = {}): Recording {
  const rows = text.trim().split("\n").length;
  const timesNs = Array.from({ length: rows }, (_, row) => (row + 1) * S);
  return recordingFromCollapsed(text, { events: ["off_cpu"], timesNs, ...options });
}

const seconds = (recording: Recording, selection: Selection = WAITS): number => stackSums(recording, selection).sum / S;
const idle = (recording: Recording): number => leftOutSum(recording, WAITS) / S;

test("waits are summed by class, the longest first", () => {
  const recording = waits(`
    main;get;futex_wait{kernel};[lock]{kernel} 1
    main;read;[network]{kernel} 3
    main;read;[network]{kernel} 2
    main;unnamed 7
  `);
  expect(waitSums(recording, WAITS)).toEqual([
    { waits: "network", total: 5 },
    { waits: "lock", total: 1 },
  ]);
  expect(stackSums(recording, { ...WAITS, waits: ["lock"] }).sum).toBe(1);
  expect(stackSums(recording, { ...WAITS, waits: [] }).sum).toBe(0);
  expect(waitSums(recording, { event: "cpu" })).toEqual([]);
});

test("a program's function that is called like a class is none", () => {
  const recording = waits("main;[lock]{c} 5");
  expect(waitSums(recording, WAITS)).toEqual([]);
});

/** `[class]` of `function`, a second each, by the process's second thread, beside the first one. */
function worker(frames: string, times: number, busy = ""): Recording {
  const lines = [
    `main;[disk]{kernel} 0`,
    ...Array.from({ length: times }, () => `${frames} ${S}`),
    ...(busy === "" ? [] : [`${busy} ${S}`]),
  ];
  return waits(lines.join("\n"), { threads: ["app/main", "app/worker"] });
}

test("a thread whose only wait has no stack is idle; one whose place is known and its class is not stays", () => {
  expect(idle(worker("[unknown wait]{kernel}", 9))).toBe(9);
  expect(idle(worker("[unknown wait]{kernel}", 9, "run;work;[network]{kernel}\nrun;work;[network]{kernel}"))).toBe(0);
  expect(idle(worker("run;take;[unknown wait]{kernel}", 9))).toBe(0);
});

test("a thread that waits at one place all the time is idle there", () => {
  const recording = worker("run;take;[lock]{kernel}", 9);
  expect(idle(recording)).toBe(9);
  expect(seconds(recording)).toBe(0);
  expect(seconds(recording, { ...WAITS, idle: true })).toBe(9);
  expect(seconds(recording, { ...WAITS, idle: true, waits: ["lock"] })).toBe(9);
});

test("nine tenths of a thread's time are all of it, less is not", () => {
  expect(idle(worker("run;take;[lock]{kernel}", 9, "run;work;[network]{kernel}"))).toBe(9);
  expect(idle(worker("run;take;[lock]{kernel}", 8, "run;work;[network]{kernel}"))).toBe(0);
});

test("kernel functions don't make another place, lines of the program do", () => {
  const inKernel = `run;take;futex{kernel};[lock]{kernel} ${5 * S}\nrun;take;futex_2{kernel};[lock]{kernel} ${5 * S}`;
  const inProgram = `run;take:1;[lock]{kernel} ${5 * S}\nrun;take:2;[lock]{kernel} ${5 * S}`;
  const options = { threads: ["app/main", "app/worker"], timesNs: [0, 5 * S, 10 * S] };
  expect(idle(waits(`main;[disk]{kernel} 0\n${inKernel}`, options))).toBe(10);
  expect(idle(waits(`main;[disk]{kernel} 0\n${inProgram}`, options))).toBe(0);
});

test.each(["network", "disk", "page-in", "run queue", "unknown wait"])("waiting for %s is never idle", (kind) => {
  expect(idle(worker(`run;take;[${kind}]{kernel}`, 9))).toBe(0);
});

test.each([
  ["events", 0],
  ["sleep", 0],
  ["pipe", 0],
  ["lock", 0],
  ["child", 3],
])("a program with one thread that waits for %s all the time: %d s are idle", (kind, expected) => {
  const line = `main;[${kind}]{kernel} ${S}`;
  expect(idle(waits([line, line, line].join("\n")))).toBe(expected);
});

test("a first thread is idle in epoll, and where it waits for the other threads", () => {
  const epoll = `main;ep_poll{kernel};[events]{kernel} ${S}`;
  expect(idle(waits([epoll, epoll].join("\n")))).toBe(2);
  const join = `main;join;[lock]{kernel} ${S}`;
  const recording = waits([join, join, `run;[disk]{kernel} ${S}`].join("\n"), { threads: ["app/main", "app/main", "app/worker"] });
  expect(idle(recording)).toBe(2);
});

test("waiting for callers is idle although it is the network", () => {
  const line = `main;serve;inet_csk_accept{kernel};[network]{kernel} ${S}`;
  expect(idle(waits([line, line].join("\n")))).toBe(2);
});

test.each([
  "go{go};runtime.schedule{go};runtime.findRunnable{go};futex{kernel};[lock]{kernel}",
  "Thread.run;_worker(/usr/lib/python3.11/concurrent/futures/thread.py);[lock]{kernel}",
  "main;_run_once(/usr/lib/python3.11/asyncio/base_events.py);select(/usr/lib/python3.11/selectors.py);[events]{kernel}",
  "start{c};uv_run{c};uv__io_poll{cpp};[events]{kernel}",
  "run{java};void java.util.concurrent.ThreadPoolExecutor.getTask(){java};[lock]{kernel}",
])("a runtime's thread that looks for work is idle however short it waits: %s", (frames) => {
  expect(idle(waits(`${frames} ${S}\nmain;work;[disk]{kernel} ${9 * S}`, { timesNs: [S, 10 * S] }))).toBe(1);
});

test.each([
  "Thread.run;_worker(/usr/lib/python3.11/concurrent/futures/thread.py);task(app.py);[lock]{kernel}",
  "main;communicate(app.py);select(/usr/lib/python3.11/selectors.py);[events]{kernel}",
  "main{javascript};spawnSync{javascript};uv_run{c};uv__io_poll{cpp};[events]{kernel}",
])("what such a thread does for its program is not idle: %s", (frames) => {
  expect(idle(waits(`${frames} ${S}\nmain;work;[disk]{kernel} ${9 * S}`, { timesNs: [S, 10 * S] }))).toBe(0);
});

test("a wait that began before the recording is idle, as nobody knows where it is", () => {
  const recording = waits(`[waiting since before the recording]{kernel};[pipe]{kernel} ${S}\nmain;[pipe]{kernel} ${S}`, {
    timesNs: [S, 9 * S],
  });
  expect(idle(recording)).toBe(1);
});

test("what is idle stays so in a pprof file, with both events", () => {
  const lines = [
    "main;work 5",
    "run;take;[lock]{kernel} 1000000000",
    "run;take;[lock]{kernel} 1000000000",
    "main;read;[network]{kernel} 7",
  ];
  const recording = waits(lines.join("\n"), {
    events: ["cpu", "off_cpu"],
    threads: ["app/main", "app/worker", "app/worker", "app/main"],
    timesNs: [0, S, 2 * S, 2 * S],
  });
  const { recording: again } = decodePprof(encodePprof(recording));
  expect(again.eventsWithSamples()).toEqual(["cpu", "off_cpu"]);
  expect([idle(again), seconds(again) * S, stackSums(again, { event: "cpu" }).sum]).toEqual([2, 7, 5]);
  expect(waitSums(again, WAITS)).toEqual([{ waits: "network", total: 7 }]);
});

test("a live recording's waits are judged anew as it grows", () => {
  const recording = worker("run;take;[lock]{kernel}", 2);
  expect(idle(recording)).toBe(2);
  const row = recording.samples.length - 1;
  recording.samples.push(recording.samples.stack.at(row), recording.samples.thread.at(row), 9 * S, recording.samples.event.at(row), 1);
  expect(idle(recording)).toBe(0);
});
