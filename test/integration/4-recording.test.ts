import * as assert from "node:assert";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type * as vscode from "vscode";
import { showError } from "../../extension/failures.js";
import { type Plan, RecordingSession } from "../../extension/recording/recording-session.js";
import { recordingCommands } from "../../extension/recording-commands.js";
import type { HelperMessage } from "../../protocol/helper.js";
import { HelperConnection } from "../../recorder/helper-connection.js";
import { FlamelineError } from "../../recorder/failures.js";
import { batchFromStacks } from "../support/profile-text.js";
import { FakeHelper, HELLO, type Script, stopped } from "../unit/recorder/fake-helper.js";
import { lensesOf, openApp, ownParts, type Parts, stubbed, until, workspaceFolder } from "./window.js";

const PLAN: Plan = { name: "the app", target: { kind: "user" } };

/** A helper that records `slow_sum` of the fixture: one batch at the start, then what the test sends. */
class Helper {
  readonly fake = new FakeHelper();
  #send: (message: HelperMessage) => void = () => undefined;
  #kill: () => void = () => undefined;
  #batches = 0;
  #recording = 0;

  async listen(): Promise<this> {
    const script: Script = (message, reply, socket) => {
      if (message.type === "hello") {
        reply(HELLO);
      } else if (message.type === "start") {
        this.#send = reply;
        this.#kill = () => socket.terminate();
        this.#recording = message.recording;
        this.#batches = 0;
        reply({ type: "progress", recording: message.recording, phase: "loading" });
        reply({ type: "started", recording: message.recording, startUnixNs: `${Date.now()}000000`, hz: 99, events: ["cpu"] });
        this.batch();
      } else if (message.type === "stop") {
        reply(stopped(message.recording, this.#batches));
      }
    };
    await this.fake.listen(script);
    return this;
  }

  /** Ends as a killed process does: the connection breaks without a word. */
  die(): void {
    this.#kill();
  }

  /** 200 samples of `slow_sum`; the tables go with the first batch only. */
  batch(): void {
    const app = path.join(workspaceFolder(), "app.py");
    const stacks = Array.from({ length: 200 }, () => ({ frames: [`main:22 (${app})`, `slow_sum:8 (${app})`], value: 1e7 }));
    const whole = batchFromStacks(stacks);
    const sequence = this.#batches++;
    const none = { language: [], function: [], file: [], line: [], column: [], module: [], address: [] };
    const rest = { strings: [], processes: [], threads: [], frames: none, stacks: { parent: [], frame: [] } };
    this.#send({ ...whole, ...(sequence === 0 ? {} : rest), recording: this.#recording, sequence, timeNs: (sequence + 1) * 1e9 });
  }
}

describe("a recording in a window", () => {
  let helper: Helper;
  let parts: Parts;
  let session: RecordingSession;
  let failures: unknown[];
  let states: string[];
  let otherVersion: boolean;
  beforeEach(async () => {
    helper = await new Helper().listen();
    parts = ownParts();
    failures = [];
    states = [];
    otherVersion = false;
    const connect = async (_: AbortSignal, restart: boolean) => {
      otherVersion &&= !restart;
      if (otherVersion) {
        throw new FlamelineError({ kind: "wrong-version", ours: 1, theirs: 7, pid: 4321 });
      }
      const connection = await HelperConnection.open(helper.fake.socketPath, "test");
      assert.ok(connection instanceof HelperConnection);
      return connection;
    };
    session = new RecordingSession(connect, parts.server, parts.kept, parts.log, (error) => failures.push(error));
    session.onState(({ kind }) => states.push(kind));
  });
  afterEach(async () => {
    await session.stop();
    await parts.server.stop();
    helper.fake.close();
    rmSync(parts.storage, { recursive: true, force: true });
  });

  const lensesAt = (document: vscode.TextDocument, pattern: RegExp) =>
    until(`a lens like ${pattern}`, async () => (await lensesOf(document)).find((title) => pattern.test(title)));

  it("goes through its states, shows lenses while it runs, and is kept", async () => {
    const { document } = await openApp();
    await session.record(async () => PLAN);
    assert.strictEqual(session.state.kind, "recording");
    await lensesAt(document, /^5: 100 % total/);
    await session.stop();
    assert.deepStrictEqual([...new Set(states)], ["connecting", "choosing", "loading", "recording", "stopping", "idle"]);
    const [kept] = await parts.kept.list();
    assert.strictEqual(kept?.name, "the app");
    const folder = await parts.kept.folderOf(kept.id);
    assert.ok(folder !== undefined && existsSync(path.join(folder, "run.pb.gz")), "the server wrote run.pb.gz");
    assert.deepStrictEqual(failures, []);
  });

  it("can be named and deleted", async () => {
    await session.record(async () => PLAN);
    await session.stop();
    const [first] = await parts.kept.list();
    await parts.kept.rename(first?.id ?? "", "before the change");
    assert.deepStrictEqual(
      (await parts.kept.list()).map(({ name }) => name),
      ["before the change"],
    );
    await parts.kept.forget(first?.id ?? "");
    assert.deepStrictEqual(await parts.kept.list(), []);
  });

  it("that a row's command without its row is about is the only one, or the one that the user says", async () => {
    const { renameRecording, deleteRecording, openRecording } = recordingCommands(
      parts.kept,
      parts.server,
      { show: async () => undefined },
      async () => undefined,
    );
    const names = async () => (await parts.kept.list()).map(({ name }) => name).toSorted();
    /** Which recordings were offered, or undefined where nothing was asked. */
    const choosing = async (choice: string | undefined, deed: () => Promise<void>): Promise<string[] | undefined> => {
      let offered: string[] | undefined;
      await stubbed(
        "showQuickPick",
        (rows: readonly { label: string }[]) => {
          offered = rows.map(({ label }) => label).toSorted();
          return rows.find(({ label }) => label === choice);
        },
        deed,
      );
      return offered;
    };
    const renameTo = (name: string) => async () => {
      await stubbed("showInputBox", () => name, renameRecording);
    };
    const deletion = async () => {
      await stubbed("showWarningMessage", () => "Delete", deleteRecording);
    };

    assert.strictEqual(await choosing(undefined, deletion), undefined, "nothing is there to choose from");
    await session.record(async () => PLAN);
    await session.stop();
    assert.strictEqual(await choosing(undefined, renameTo("first")), undefined, "the only one needs no question");
    assert.deepStrictEqual(await names(), ["first"]);
    await session.record(async () => PLAN);
    await session.stop();
    assert.deepStrictEqual(await choosing("the app", renameTo("second")), ["first", "the app"]);
    assert.deepStrictEqual(await names(), ["first", "second"]);
    await choosing("first", openRecording);
    const summary = await parts.server.ask("flameline/summary", {});
    assert.strictEqual(summary?.id, (await parts.kept.list()).find(({ name }) => name === "first")?.id);
    assert.deepStrictEqual(await choosing(undefined, deletion), ["first", "second"]);
    assert.deepStrictEqual(await names(), ["first", "second"], "who chooses none deletes none");
    await choosing("second", deletion);
    assert.deepStrictEqual(await names(), ["first"]);
  });

  it("is refused while another one runs", async () => {
    await session.record(async () => PLAN);
    await assert.rejects(
      session.record(async () => PLAN),
      /already running/,
    );
  });

  it("meets a helper of another version, and begins after a click that restarts it", async () => {
    otherVersion = true;
    const failure: unknown = await session.record(async () => PLAN).catch((error: unknown) => error);
    assert.strictEqual(session.state.kind, "idle");
    const said = await stubbed(
      "showErrorMessage",
      (_text: string, ...buttons: string[]) => buttons[0],
      () => showError(failure, parts.log),
    );
    assert.match(String(said[0]), /^Another version of the recording helper is running/);
    assert.strictEqual(said[1], "Restart Helper");
    await until("the recording", () => session.state.kind === "recording");
  });

  it("is given up without a trace when the user chooses nothing", async () => {
    await session.record(async () => undefined);
    assert.strictEqual(session.state.kind, "idle");
    assert.deepStrictEqual(await parts.kept.list(), []);
  });

  it("keeps what was taken when the helper dies, and says so", async () => {
    await session.record(async () => PLAN);
    helper.die();
    await until("the end", () => session.state.kind === "idle");
    assert.strictEqual((await parts.kept.list()).length, 1);
    assert.ok(failures[0] instanceof FlamelineError);
    assert.strictEqual(failures[0].failure.kind, "helper-closed");
  });

  it("goes on after the language server crashed, with nothing lost", async () => {
    const { document } = await openApp();
    await session.record(async () => PLAN);
    await lensesAt(document, /^5: /);
    const restarted = new Promise<void>((resolve) => parts.server.onRestarted(resolve));
    process.kill(languageServerPid(parts.storage), "SIGKILL");
    helper.batch();
    await restarted;
    helper.batch();
    await session.stop();
    const summary = await parts.server.ask("flameline/summary", {});
    assert.strictEqual(summary?.events.find(({ event }) => event === "cpu")?.samples, 600);
  });

  it("that a reload cut short is finished from the disk when it is opened", async () => {
    await session.record(async () => PLAN);
    const live = readdirSync(path.join(parts.storage, "recordings"))[0] ?? "";
    const folder = path.join(parts.storage, "recordings", live);
    await until("a batch on disk", () => readFileSync(path.join(folder, "batches.jsonl"), "utf8").split("\n").length > 2);
    const cut = path.join(parts.storage, "recordings", `${live}-cut`);
    cpSync(folder, cut, { recursive: true });
    // As the window that is gone left it: its process number belongs to nobody.
    const meta = path.join(cut, "meta.json");
    writeFileSync(meta, readFileSync(meta, "utf8").replace(/"writerPid": \d+/, '"writerPid": 999999999'));
    await session.stop();
    assert.ok((await parts.kept.list()).some(({ id, interrupted }) => id === path.basename(cut) && interrupted));
    const summary = await parts.kept.open(cut);
    assert.strictEqual(summary.events[0]?.samples, 200);
    assert.ok(existsSync(path.join(cut, "run.pb.gz")), "it was finished");
  });
});

/** The language server whose storage is `storage`: the newest child of this extension host. */
function languageServerPid(storage: string): number {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /\nPPid:\s(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("language-server.js");
      } catch {
        return false;
      }
    })
    .map(Number);
  assert.ok(pids.length > 0, `the language server of ${storage} runs`);
  return Math.max(...pids);
}
