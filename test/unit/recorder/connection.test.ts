import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { connectRunningHelper } from "../../../recorder/connect-helper.js";
import type { HelperMessage } from "../../../protocol/helper.js";
import { FlamelineError, failureText } from "../../../recorder/failures.js";
import type { HelperConnection } from "../../../recorder/helper-connection.js";
import { RunningRecording } from "../../../recorder/live-recording.js";
import { batch, FakeHelper, HELLO, type Script, started, stopped, WELL_BEHAVED } from "./fake-helper.js";

let helper: FakeHelper;
afterEach(() => helper.close());

async function connect(script?: Script): Promise<HelperConnection> {
  helper = await new FakeHelper().listen(script);
  const connection = await connectRunningHelper({ machine: helper.machine });
  if (connection === undefined) throw new Error("no connection");
  return connection;
}

/** What a promise fails with, as one line. */
async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof FlamelineError ? `${error.failure.kind}: ${error.message}` : `unexpected ${String(error)}`;
  }
  return "no failure";
}

const WORKSPACE = {
  target: { kind: "workspace", folders: ["/src"], excludePids: [], excludeTrees: [], excludePrograms: [] },
  events: ["cpu"],
  hz: 99,
} as const;

describe("a running helper", () => {
  test("is greeted, and its messages arrive in order with their text", async () => {
    const connection = await connect();
    const seen: string[] = [];
    const live = await connection.start(WORKSPACE, { onMessage: (text, message) => void seen.push(`${message.type} ${text.length > 20}`) });
    expect(live.started.hz).toBe(99);
    const end = await live.stop();
    expect(seen).toEqual(["progress true", "started true", "batch true", "batch true", "batch true", "stopped true"]);
    expect(end).toMatchObject({ kind: "stopped", stopped: { reason: "requested", batches: 3 }, failure: undefined });
    connection.close();
    expect(await connection.closed).toBeUndefined();
  });

  test("is asked for its processes", async () => {
    const connection = await connect();
    expect(await connection.processes()).toEqual([]);
    connection.close();
  });

  test("waits with the next message until the last one is handled", async () => {
    const connection = await connect();
    let handling = 0;
    let most = 0;
    const live = await connection.start(WORKSPACE, {
      onMessage: async () => {
        most = Math.max(most, ++handling);
        await new Promise((resolve) => setTimeout(resolve, 5));
        handling--;
      },
    });
    await live.stop();
    expect(most).toBe(1);
    connection.close();
  });

  test("that leaves out a batch is counted", async () => {
    const connection = await connect((message, reply, socket) => {
      if (message.type !== "start") return WELL_BEHAVED(message, reply, socket);
      for (const one of [started(message.recording), batch(message.recording, 0), batch(message.recording, 3)]) reply(one);
      reply(stopped(message.recording, 4, "target-exited"));
    });
    const live = await connection.start(WORKSPACE, { onMessage: () => undefined });
    expect(await live.ended).toMatchObject({ stopped: { reason: "target-exited" } });
    expect(live.missingBatches).toBe(2);
    connection.close();
  });
});

describe("a helper that goes silent while it records", () => {
  const QUIET_MS = 100;
  /** With the time that it takes to keep each batch. */
  const begin = async (keepingMs = 0): Promise<RunningRecording> => {
    helper = new FakeHelper();
    const onMessage = async (_: string, { type }: HelperMessage) => (type === "batch" ? sleep(keepingMs) : undefined);
    const running = new RunningRecording(1, { kind: "user" }, { onMessage }, { send: () => undefined }, QUIET_MS);
    await running.receive("", started(1));
    return running;
  };

  test("ends the recording, and what was taken is kept", async () => {
    const running = await begin();
    await running.receive("", batch(1, 0));
    const end = await running.ended;
    expect(end).toEqual({ kind: "lost", failure: { kind: "helper-silent", seconds: 0.1, keptBatches: 1 } });
    expect(end.failure && failureText(end.failure)).toMatch(
      /^The recording helper gave no answer for 0\.1 s\. What was recorded until then is kept\. /,
    );
  });

  test.each([
    ["sends batches, however few samples they hold", 0],
    ["waits until its batch is kept", 2 * QUIET_MS],
  ])("is not one that %s", async (_, keepingMs) => {
    const running = await begin(keepingMs);
    let ended = false;
    void running.ended.then(() => (ended = true));
    for (let sequence = 0; sequence < 6; sequence++) {
      await running.receive("", batch(1, sequence, 0));
      await sleep(QUIET_MS / 3);
    }
    expect(ended).toBe(false);
    running.end({ kind: "lost", failure: { kind: "cancelled" } });
  });
});

test("a stop that crosses the target's own end is no failure", async () => {
  const connection = await connect((message, reply, socket) => {
    if (message.type !== "stop") return WELL_BEHAVED(message, reply, socket);
    reply({ type: "error", subject: message.recording, code: "bad-request", detail: `recording ${message.recording} is not running` });
    reply(stopped(message.recording, 2, "target-exited"));
  });
  const live = await connection.start(WORKSPACE, { onMessage: () => undefined });
  expect(await live.stop()).toMatchObject({ kind: "stopped", stopped: { reason: "target-exited" }, failure: undefined });
  connection.close();
});

describe("a helper that misbehaves is a failure, never a crash", () => {
  const answers: readonly (readonly [string, string | Buffer, string])[] = [
    [
      "text",
      "good morning",
      'helper-nonsense: The recording helper sent something that is not of its protocol: "good morning" is not JSON.',
    ],
    ["a list", "[]", "helper-nonsense: The recording helper sent something that is not of its protocol: a frame that is not an object."],
    [
      "an unknown type",
      '{"type":"toString"}',
      'helper-nonsense: The recording helper sent something that is not of its protocol: a message of type "toString".',
    ],
    ["binary", Buffer.from([1, 2, 3]), "helper-nonsense: The recording helper sent something that is not of its protocol: a binary frame."],
    [
      "another message before hello",
      JSON.stringify(stopped(1, 0)),
      "helper-nonsense: The recording helper sent something that is not of its protocol: stopped before hello.",
    ],
    [
      "more than 1 MiB",
      "x".repeat((1 << 20) + 1),
      "helper-nonsense: The recording helper sent something that is not of its protocol: Max payload size exceeded.",
    ],
    [
      "another version",
      JSON.stringify({ ...HELLO, protocol: 9 }),
      "wrong-version: Another version of the recording helper is running (it speaks protocol 9, this one speaks 1).",
    ],
    [
      "a hello without a version",
      '{"type":"hello"}',
      "helper-nonsense: The recording helper sent something that is not of its protocol: a hello message whose protocol is not of kind number.",
    ],
  ];
  test.each(answers)("when it greets with %s", async (_, answer, expected) => {
    expect(await failureOf(connect((_message, reply) => reply(answer)))).toBe(expected);
  });

  test("when it sends a batch without samples, and the recording is lost with the batches counted", async () => {
    const connection = await connect((message, reply, socket) => {
      WELL_BEHAVED(message, reply, socket);
      if (message.type === "start") reply(JSON.stringify({ ...batch(message.recording, 2), samples: null }));
    });
    const live = await connection.start(WORKSPACE, { onMessage: () => undefined });
    expect(await live.ended).toMatchObject({ kind: "lost", failure: { kind: "helper-nonsense" } });
    expect(await connection.closed).toMatchObject({ kind: "helper-nonsense" });
  });

  test("when it dies while recording, and every later request fails at once", async () => {
    const connection = await connect((message, reply, socket) => {
      WELL_BEHAVED(message, reply, socket);
      if (message.type === "start") setTimeout(() => socket.terminate(), 30);
    });
    const live = await connection.start(WORKSPACE, { onMessage: () => undefined });
    expect(await live.ended).toEqual({ kind: "lost", failure: { kind: "helper-closed", keptBatches: 2, detail: "" } });
    expect(await failureOf(connection.processes())).toBe("helper-closed: The recording helper ended unexpectedly.");
    expect(await failureOf(connection.start(WORKSPACE, { onMessage: () => undefined }))).toMatch(/^helper-closed/);
  });

  test("when it refuses a recording", async () => {
    const refuse: Script = (message, reply, socket) => {
      if (message.type !== "start") return WELL_BEHAVED(message, reply, socket);
      reply({ type: "error", subject: message.recording, code: "no-such-process", detail: "pid 9" });
    };
    const connection = await connect(refuse);
    const start = connection.start({ ...WORKSPACE, target: { kind: "process", pid: 9, children: true } }, { onMessage: () => undefined });
    expect(await failureOf(start)).toBe("no-such-process: There is no process 9.");
    connection.close();
  });

  test("when the user cancels while the engine loads", async () => {
    const connection = await connect((message, reply, socket) => {
      if (message.type !== "start") WELL_BEHAVED(message, reply, socket);
    });
    const cancel = new AbortController();
    const start = connection.start({ ...WORKSPACE, signal: cancel.signal }, { onMessage: () => undefined });
    setTimeout(() => cancel.abort(), 10);
    expect(await failureOf(start)).toMatch(/^cancelled/);
    connection.close();
  });
});

test("a helper that accepts and says nothing is silent, not untrusted", async () => {
  helper = new FakeHelper();
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(helper.socketPath, resolve));
  expect(await failureOf(connectRunningHelper({ machine: helper.machine }))).toBe(
    "helper-silent: The recording helper gave no answer for 5 s.",
  );
  mute.close();
}, 10_000);

test("a socket that hangs up is nobody, so that a helper can be started in its place", async () => {
  helper = new FakeHelper();
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(helper.socketPath, resolve));
  expect(await connectRunningHelper({ machine: helper.machine })).toBeUndefined();
  server.close();
});

describe("a socket is not trusted", () => {
  const untrusted = async (): Promise<string> => {
    const found = await failureOf(connectRunningHelper({ machine: helper.machine }));
    return found.replaceAll(helper.path(), "");
  };

  test("when a symbolic link leads to it", async () => {
    helper = await new FakeHelper().listen();
    renameSync(helper.socketPath, helper.path("real.sock"));
    symlinkSync(helper.path("real.sock"), helper.socketPath);
    expect(await untrusted()).toMatch(/^socket-untrusted: Flameline does not connect to .*helper.sock: it is a symbolic link/);
    expect(helper.connections).toBe(0);
  });

  test("when its folder is a symbolic link", async () => {
    helper = await new FakeHelper().listen();
    renameSync(dirname(helper.socketPath), helper.path("real"));
    symlinkSync(helper.path("real"), dirname(helper.socketPath));
    expect(await untrusted()).toMatch(/it is a symbolic link/);
  });

  test("when others may write to its folder", async () => {
    helper = await new FakeHelper().listen();
    chmodSync(dirname(helper.socketPath), 0o777);
    expect(await untrusted()).toMatch(/others than root may write to it/);
  });

  test("when its folder belongs to another user", async () => {
    helper = await new FakeHelper({ socketFolderOwner: 12345 }).listen();
    expect(await untrusted()).toMatch(/it belongs to user \d+, not to root/);
  });

  test("when it is a file", async () => {
    helper = new FakeHelper();
    writeFileSync(helper.socketPath, "");
    expect(await untrusted()).toMatch(/it is not a socket/);
  });

  test("and none at all means that no helper runs", async () => {
    helper = new FakeHelper();
    expect(await connectRunningHelper({ machine: helper.machine })).toBeUndefined();
    rmSync(dirname(helper.socketPath), { recursive: true });
    expect(await connectRunningHelper({ machine: helper.machine })).toBeUndefined();
  });
});
