import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodePprof } from "../../../profile/formats/pprof.js";
import type { Recording } from "../../../profile/recording.js";
import type { StartRequest } from "../../../protocol/helper.js";
import { batch, FakeHelper, type Script, started, stopped, WELL_BEHAVED } from "../recorder/fake-helper.js";
import { Run } from "./run.js";

let run: Run;
let helper: FakeHelper;
beforeEach(() => {
  run = new Run();
  helper = new FakeHelper();
  run.machine = helper.machine;
});
afterEach(() => {
  helper.close();
  run.dispose();
});

function written(): Recording {
  return decodePprof(gunzipSync(readFileSync(run.path("out.pb.gz")))).recording;
}

test("a command starts once sampling is on, and its status goes to the user and into the file", async () => {
  let asked: StartRequest | undefined;
  let existedBefore = true;
  await helper.listen((message, reply, socket) => {
    if (message.type === "start") {
      asked = message;
      existedBefore = existsSync(run.path("ran"));
    }
    WELL_BEHAVED(message, reply, socket);
  });
  const found = await run.line("record", "-o", "out.pb.gz", "--hz", "499", "--", "sh", "-c", "touch ran; exit 3");
  expect(found).toBe("0\nflameline: the command ended with status 3.\n7 samples in 0.8 s (lost 1, leaf only 0): DIR/out.pb.gz");
  expect(existedBefore).toBe(false);
  expect(existsSync(run.path("ran"))).toBe(true);
  expect(asked).toMatchObject({ target: { kind: "process", children: true }, events: ["cpu"], hz: 499 });
  expect(written().info.name).toBe("sh -c touch ran; exit 3 (status 3)");
  expect(written().samples.length).toBe(7);
});

test("without a target the folder's processes are recorded, for as long as was said", async () => {
  let asked: StartRequest | undefined;
  await helper.listen((message, reply, socket) => {
    if (message.type === "start") asked = message;
    WELL_BEHAVED(message, reply, socket);
  });
  expect(await run.line("record", "-o", "out.pb.gz", "--seconds", "0.1")).toMatch(/^0\n7 samples/);
  expect(asked?.target).toEqual({
    kind: "workspace",
    folders: [run.folder],
    excludePids: [process.pid],
    excludeTrees: [],
    excludePrograms: [],
  });
});

test("the time ends the command too", async () => {
  await helper.listen();
  const found = await run.line("record", "-o", "out.pb.gz", "--seconds", "0.2", "--", "sleep", "60");
  expect(found).toMatch(/^0\nflameline: the command ended with signal SIGTERM \(15\)/);
});

test("a helper that dies costs neither what was taken nor the command", async () => {
  await helper.listen((message, reply, socket) => {
    WELL_BEHAVED(message, reply, socket);
    if (message.type === "start") setTimeout(() => socket.terminate(), 50);
  });
  const found = await run.line("record", "-o", "out.pb.gz", "--", "sh", "-c", "sleep 0.4; touch finished");
  expect(found).toBe(
    "0\nflameline: the command ended with status 0.\n" +
      "flameline: The recording helper ended unexpectedly. What was recorded until then is kept. Record again to start a new helper.\n" +
      "6 samples in 0.5 s (lost 1, leaf only 0): DIR/out.pb.gz",
  );
  expect(existsSync(run.path("finished"))).toBe(true);
  expect(written().samples.length).toBe(6);
});

test("a refused recording never runs the command", async () => {
  const refuse: Script = (message, reply, socket) => {
    if (message.type !== "start") return WELL_BEHAVED(message, reply, socket);
    reply({ type: "error", subject: message.recording, code: "kernel-unsupported", detail: "no BTF" });
  };
  await helper.listen(refuse);
  const found = await run.line("record", "-o", "out.pb.gz", "--", "touch", "ran");
  expect(found).toBe(
    "3\nflameline: This kernel cannot record: no BTF. Use Linux 5.10 or newer with BPF and BTF enabled; the doctor lists what is missing: flameline doctor",
  );
  expect(existsSync(run.path("ran"))).toBe(false);
  expect(existsSync(run.path("out.pb.gz"))).toBe(false);
});

test("a run without samples is written, and said", async () => {
  await helper.listen((message, reply, socket) => {
    if (message.type === "start") reply(started(message.recording));
    else if (message.type === "stop") for (const one of [batch(message.recording, 0, 0), stopped(message.recording, 1)]) reply(one);
    else WELL_BEHAVED(message, reply, socket);
  });
  const found = await run.line("record", "-o", "out.pb.gz", "--", "true");
  expect(found).toContain("flameline: No CPU time was used by true in 0.3 s.");
  expect(found).toMatch(/^0\n/);
  expect(written().samples.length).toBe(0);
});

test("events that the helper does not offer are refused before the command runs", async () => {
  await helper.listen();
  const found = await run.line("record", "--events", "cpu,io", "--", "touch", "ran");
  expect(found).toBe("3\nflameline: io_read, io_write cannot be recorded here. Record cpu instead, or use a newer helper.");
  expect(existsSync(run.path("ran"))).toBe(false);
});

test("a program that does not exist is exit code 2", async () => {
  await helper.listen();
  expect(await run.line("record", "--", "no-such-program")).toBe(
    "2\nflameline: no-such-program could not be started: there is no such program. Check the command's name and its PATH.",
  );
});
