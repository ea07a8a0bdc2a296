import * as vscode from "vscode";
import type { Allocations, HelperMessage, Target } from "../../protocol/helper.js";
import { FlamelineError } from "../../recorder/failures.js";
import type { HelperConnection } from "../../recorder/helper-connection.js";
import { type ActiveRecording, type RecordingResult, record } from "../../recorder/record.js";
import { DisposableStore } from "../disposable-store.js";
import { recordableEvents } from "../events/recordable-events.js";
import { MendableError, WindowError } from "../failures.js";
import { folderPaths } from "../folders.js";
import type { LanguageServer } from "../language-server-client.js";
import { setting } from "../settings.js";
import type { StartedProgram } from "../targets/started-program.js";
import { tellAllocations } from "./allocations-text.js";
import { debugServers } from "./debug-servers.js";
import type { KeptRecordings } from "./kept-recordings.js";
import { LiveFeed } from "./live-feed.js";
import { LiveFigures } from "./live-figures.js";
import type { SessionState } from "./session-state.js";

/** What is to be recorded, decided once the helper can list the processes. */
export interface Plan {
  readonly name: string;
  readonly target: Target;
  /** Stops by itself after this time. */
  readonly seconds?: number;
  /** Called once sampling is on; the recording ends with the program. */
  readonly start?: () => Promise<StartedProgram>;
  /** Called where the recording did not begin. */
  readonly cancel?: () => void;
  /** Called once the recording is kept, with how many samples it has; it then says itself what there is to say of none. */
  readonly done?: (samples: number) => Promise<void>;
}

type MakePlan = (connection: HelperConnection) => Promise<Plan | undefined>;
type Connect = (signal: AbortSignal, restart: boolean) => Promise<HelperConnection>;

/** The one recording of this window, from the first click to the file on disk. */
export class RecordingSession implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #stateChanged = this.#held.add(new vscode.EventEmitter<SessionState>());
  readonly #connect: Connect;
  readonly #server: LanguageServer;
  readonly #kept: KeptRecordings;
  readonly #log: vscode.LogOutputChannel;
  readonly #failed: (error: unknown) => void;
  #state: SessionState = { kind: "idle" };
  #preparing: AbortController | undefined;
  #active: ActiveRecording | undefined;
  #ended: Promise<void> = Promise.resolve();
  #endsWithAllocations = false;

  readonly onState = this.#stateChanged.event;

  /**
   * @param connect finds or starts the helper; with `restart` ends a running one first
   * @param failed shows what goes wrong after the recording began
   */
  constructor(
    connect: Connect,
    server: LanguageServer,
    kept: KeptRecordings,
    log: vscode.LogOutputChannel,
    failed: (error: unknown) => void,
  ) {
    this.#connect = connect;
    this.#server = server;
    this.#kept = kept;
    this.#log = log;
    this.#failed = failed;
  }

  get state(): SessionState {
    return this.#state;
  }

  /**
   * Connects, lets `plan` decide, and records; resolves when samples are being taken, or when the user chose nothing.
   * Throws what `describe` explains.
   */
  record(plan: MakePlan): Promise<void> {
    return this.#record(plan, false);
  }

  /** Follows allocations for some seconds: in the recording that runs, or in one of `plan` that ends with it. */
  async recordAllocations(seconds: number, plan: MakePlan): Promise<void> {
    const endsToo = this.#active === undefined;
    if (endsToo) {
      await this.record(plan);
    }
    this.#endsWithAllocations = endsToo;
    this.#active?.followAllocations(seconds);
  }

  async #record(plan: MakePlan, restart: boolean): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      throw new WindowError({ kind: "untrusted" });
    }
    if (this.#state.kind !== "idle") {
      throw new WindowError({ kind: "already-recording" });
    }
    const preparing = new AbortController();
    this.#preparing = preparing;
    this.#setState({ kind: "connecting" });
    let connection: HelperConnection | undefined;
    let chosen: Plan | undefined;
    try {
      // The server first: it must be running to be known as ours and left out.
      const server = this.#server.start();
      connection = await this.#connect(preparing.signal, restart);
      await server;
      await this.#kept.reopening;
      this.#setState({ kind: "choosing" });
      chosen = await plan(connection);
      if (chosen === undefined || preparing.signal.aborted) {
        chosen?.cancel?.();
        connection.close();
        this.#setState({ kind: "idle" });
        return;
      }
      await this.#begin(connection, chosen, preparing.signal);
    } catch (error) {
      chosen?.cancel?.();
      connection?.close();
      this.#active = undefined;
      this.#setState({ kind: "idle" });
      throw restart ? error : this.#mendable(error, plan);
    } finally {
      this.#preparing = undefined;
    }
  }

  /** A helper of another version can be replaced with a click; the recording then begins as it was asked for. */
  #mendable(error: unknown, plan: MakePlan): unknown {
    return error instanceof FlamelineError && error.failure.kind === "wrong-version"
      ? new MendableError(error.failure, "Restart Helper", () => this.#record(plan, true))
      : error;
  }

  /** Ends the recording, or gives up while it is being prepared. Settles when everything is written. */
  async stop(): Promise<void> {
    this.#preparing?.abort();
    if (this.#active !== undefined) {
      this.#setState({ kind: "stopping" });
      await this.#active.stop();
      await this.#ended;
    }
  }

  dispose(): void {
    this.#held.dispose();
  }

  async #begin(connection: HelperConnection, plan: Plan, signal: AbortSignal): Promise<void> {
    const folders = folderPaths();
    const events = recordableEvents(connection.hello.events, (sentence) => this.#log.warn(sentence));
    const figures = new LiveFigures(connection.hello.processors, events[0] ?? "cpu");
    // The folder is known once `record` resolves; until then there is `started` and at most a batch or two.
    const early: { text: string; message: HelperMessage }[] = [];
    let feed: LiveFeed | undefined;
    const receive = (text: string, message: HelperMessage): void => {
      if (message.type === "progress") {
        this.#setState({ kind: "loading", phase: message.phase });
        return;
      }
      if (message.type === "batch") {
        figures.add(message);
      }
      if (message.type === "allocations") {
        this.#tellAllocations(message);
      }
      if (feed === undefined) {
        early.push({ text, message });
      } else {
        feed.message(text);
      }
    };
    const debugFiles = debugServers((line) => this.#log.info(line));
    const active = await record({
      connection,
      target: plan.target,
      events,
      hz: setting("sampleRate"),
      keep: { store: this.#kept.store(), name: plan.name, folders },
      ...(plan.seconds === undefined ? {} : { seconds: plan.seconds }),
      signal,
      ...(debugFiles === undefined ? {} : { debugFiles }),
      onMessage: receive,
    });
    const { stored, started } = active;
    if (stored === undefined) {
      throw new Error("The recording has no folder.");
    }
    this.#active = active;
    const startedText = early.find(({ message }) => message.type === "started")?.text ?? JSON.stringify(started);
    feed = new LiveFeed(this.#server, { ...stored, name: plan.name, started: startedText }, this.#log);
    for (const { text } of early.filter(({ message }) => message.type !== "started")) {
      feed.message(text);
    }
    const startUnixMs = Number(BigInt(started.startUnixNs) / 1_000_000n);
    this.#setState({ kind: "recording", id: stored.id, name: plan.name, startUnixMs, figures });
    this.#ended = this.#finish(active, stored.id, feed, connection, plan);
    await this.#kept.nowOpen(stored.folder, stored.id);
    await this.#startProgram(active, plan);
  }

  #tellAllocations(message: Allocations): void {
    if (message.state === "closed" && this.#endsWithAllocations && message.reason !== "stopped") {
      void this.stop();
    }
    tellAllocations(message);
  }

  async #startProgram(active: ActiveRecording, plan: Plan): Promise<void> {
    try {
      const program = await plan.start?.();
      void program?.ended.then(() => (this.#active === active ? this.stop() : undefined));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #finish(active: ActiveRecording, id: string, feed: LiveFeed, connection: HelperConnection, plan: Plan): Promise<void> {
    const result = await active.ended;
    this.#setState({ kind: "stopping" });
    connection.close();
    try {
      await feed.drained();
      await this.#keep(result, id, plan);
    } catch (error) {
      this.#failed(error);
    } finally {
      feed.dispose();
      this.#active = undefined;
      this.#setState({ kind: "idle" });
      this.#kept.changed();
    }
    this.#report(result, plan);
  }

  async #keep(result: RecordingResult, id: string, plan: Plan): Promise<void> {
    this.#log.info(`recorded ${plan.name}: ${result.samples} samples, ${result.batches} batches, ${result.reason}`);
    if (result.samples === 0) {
      await this.#server.ask("flameline/clear", {});
      await this.#kept.forget(id);
      return;
    }
    await this.#server.ask("flameline/finish", { id });
    await this.#kept.enforceLimit();
  }

  #report(result: RecordingResult, { target, done }: Plan): void {
    if (result.failure !== undefined) {
      this.#failed(new FlamelineError(result.failure));
    }
    if (done !== undefined) {
      void done(result.samples).catch(this.#failed);
    } else if (result.failure === undefined && result.samples === 0) {
      this.#failed(new FlamelineError({ kind: "nothing-recorded", target, seconds: result.durationNs / 1e9 }));
    }
  }

  #setState(state: SessionState): void {
    this.#state = state;
    void vscode.commands.executeCommand("setContext", "flameline.busy", state.kind !== "idle");
    this.#stateChanged.fire(state);
  }
}
