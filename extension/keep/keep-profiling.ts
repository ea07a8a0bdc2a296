import * as path from "node:path";
import * as vscode from "vscode";
import type { EventName } from "../../protocol/events.js";
import { describe, type Failure, FlamelineError } from "../../recorder/failures.js";
import type { HelperConnection } from "../../recorder/helper-connection.js";
import type { Keeper, KeepState } from "../../recorder/keep/keeper.js";
import type { Ring } from "../../recorder/keep/ring.js";
import { DisposableStore } from "../disposable-store.js";
import { recordableEvents } from "../events/recordable-events.js";
import { WindowError } from "../failures.js";
import type { FlameGraphs } from "../flame-graphs.js";
import { folderPaths } from "../folders.js";
import type { LanguageServer } from "../language-server-client.js";
import type { KeptRecordings } from "../recording/kept-recordings.js";
import { workspaceTarget } from "../recording/plans.js";
import type { RecordingSession } from "../recording/recording-session.js";
import { onSettings, setting } from "../settings.js";
import { showItem } from "../status-item.js";
import { excludedPids } from "../targets/excluded-pids.js";
import { chooseMinutes } from "./choose-minutes.js";
import { keepText } from "./keep-text.js";
import { showLastMinutes } from "./last-minutes.js";
import { plainMessage } from "../plain-message.js";

/** Whether it is on in this workspace: it then goes on after a reload. */
const ON_KEY = "flameline.keepProfiling";
/** Counting bytes costs with each call: that is for recordings that somebody asked for. */
const FREE_EVENTS: ReadonlySet<EventName> = new Set(["cpu", "off_cpu", "memory"]);
/** At a reload the window before may still be writing its last. */
const HAND_OVER_MS = 20_000;

const SETTINGS = [
  "keepProfiling.cpuPercent",
  "keepProfiling.memoryMegabytes",
  "keepProfiling.diskMegabytes",
  "keepProfiling.minutes",
  "events",
  "sampleRate",
] as const;

interface Parts {
  /** Folder of this workspace's storage. */
  readonly storage: string;
  readonly connect: (mayAsk: boolean, signal: AbortSignal) => Promise<HelperConnection>;
  readonly server: LanguageServer;
  readonly session: RecordingSession;
  readonly kept: KeptRecordings;
  readonly graphs: Pick<FlameGraphs, "show">;
  readonly memory: vscode.Memento;
  readonly log: vscode.LogOutputChannel;
  readonly failed: (error: unknown) => void;
}

/** Profiling that stays on within a budget: the last minutes of this workspace are on disk, and can be looked at at any time. */
export class KeepProfiling implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #parts: Parts;
  readonly #ring: string;
  readonly #item: vscode.StatusBarItem;
  #keeper: Keeper | undefined;
  #starting: Promise<void> | undefined;
  #state: KeepState = { kind: "off", failure: undefined };
  #waits = 0;
  #said: Failure["kind"] | undefined;
  #leaving = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#ring = path.join(parts.storage, "keep");
    this.#item = this.#held.add(vscode.window.createStatusBarItem("flameline.keep", vscode.StatusBarAlignment.Left, 49));
    this.#item.name = "Flameline: Keep Profiling";
    this.#item.command = "flameline.showLastMinutes";
    this.#held.add(onSettings(SETTINGS, () => this.#keeper !== undefined && void this.#again().catch(parts.failed)));
  }

  /** Turns it on or off in this workspace. Throws what `describe` explains. */
  async toggle(): Promise<void> {
    if (this.#keeper !== undefined) {
      await this.#parts.memory.update(ON_KEY, undefined);
      await this.stop();
      return;
    }
    if (!vscode.workspace.isTrusted) {
      throw new WindowError({ kind: "untrusted" });
    }
    if (folderPaths().length === 0) {
      throw new WindowError({ kind: "no-folder" });
    }
    await this.#start(true);
    await this.#parts.memory.update(ON_KEY, true);
  }

  /** Goes on where it was on before the window was loaded. */
  resume(): void {
    if (this.#parts.memory.get(ON_KEY) === true && vscode.workspace.isTrusted && folderPaths().length > 0) {
      void this.#takeOver().catch(this.#parts.failed);
    }
  }

  /** Ends it until the window is loaded again; settles when everything is on the disk. */
  async stop(): Promise<void> {
    this.#leaving = true;
    await this.#starting?.catch(() => undefined);
    await this.#keeper?.stop();
    this.#leaving = false;
  }

  /** Makes the last minutes a recording of this workspace and shows it. */
  async showLastMinutes(minutes?: unknown): Promise<void> {
    const most = setting("keepProfiling.minutes");
    const chosen = typeof minutes === "number" ? minutes : await chooseMinutes(most, this.#keeper !== undefined);
    if (chosen === undefined) {
      return;
    }
    if (chosen === "toggle") {
      return this.toggle();
    }
    await showLastMinutes(this.#ring, chosen, this.#parts);
  }

  dispose(): void {
    this.#held.dispose();
  }

  /** What changed holds from now on. */
  async #again(): Promise<void> {
    await this.stop();
    await this.#start(false);
  }

  /** The extension host before this one may not be gone yet. */
  async #takeOver(): Promise<void> {
    for (const began = Date.now(); ; ) {
      try {
        return await this.#start(false);
      } catch (error) {
        const busy = error instanceof FlamelineError && error.failure.kind === "keep-elsewhere";
        if (!busy || Date.now() - began > HAND_OVER_MS) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  #start(mayAsk: boolean): Promise<void> {
    this.#starting ??= this.#begin(mayAsk).finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  async #begin(mayAsk: boolean): Promise<void> {
    if (this.#keeper !== undefined || this.#leaving) {
      return;
    }
    // Loaded here: most windows never come to it.
    const [{ Ring }, { Keeper }] = await Promise.all([import("../../recorder/keep/ring.js"), import("../../recorder/keep/keeper.js")]);
    const { session, log } = this.#parts;
    const limits = { minutes: setting("keepProfiling.minutes"), bytes: setting("keepProfiling.diskMegabytes") * 1e6 };
    const ring: Ring = await Ring.open(this.#ring, limits, { name: vscode.workspace.name ?? "workspace" });
    const keeper = new Keeper(
      {
        ring,
        budget: {
          cpuShare: setting("keepProfiling.cpuPercent") / 100,
          memoryBytes: setting("keepProfiling.memoryMegabytes") * 1e6,
          maxHz: Math.min(setting("sampleRate"), 99),
        },
        holds: () => session.state.kind !== "idle",
        connect: this.#parts.connect,
        plan: async (connection) => {
          const excluded = excludedPids(await connection.processes(), connection.hello.pid);
          const events = recordableEvents(connection.hello.events, (sentence) => log.warn(`keep profiling: ${sentence}`));
          const free = events.filter((event) => FREE_EVENTS.has(event));
          return { target: workspaceTarget(excluded), events: free.length === 0 ? ["cpu"] : free };
        },
        onState: (state) => this.#changed(state),
        log: (line) => log.info(`keep profiling: ${line}`),
      },
      mayAsk,
    );
    this.#keeper = keeper;
    void keeper.over.then((failure) => {
      if (this.#keeper === keeper) {
        this.#keeper = undefined;
      }
      if (failure !== undefined) {
        this.#parts.failed(new FlamelineError(failure));
      }
    });
  }

  #changed(state: KeepState): void {
    const before = this.#state.kind;
    this.#state = state;
    if (state.kind === "running" && before !== "running") {
      this.#parts.log.info(`keep profiling: on, the last ${setting("keepProfiling.minutes")} minutes are in ${this.#ring}`);
    }
    if (state.kind === "running") {
      this.#said = undefined;
      this.#waits = 0;
    }
    if (state.kind === "waiting") {
      this.#waits++;
      this.#tell(state.failure);
    }
    const shown = keepText(state, setting("keepProfiling.cpuPercent"), setting("keepProfiling.minutes"));
    showItem(this.#item, shown);
  }

  /** Once for each kind of failure. A helper that died is begun again in a second, and no reason to disturb anybody. */
  #tell(failure: Failure): void {
    if (this.#said === failure.kind || (failure.kind === "helper-closed" && this.#waits < 3)) {
      return;
    }
    this.#said = failure.kind;
    void vscode.window.showWarningMessage(plainMessage(warningText(failure)), "Try Now", "Turn Off", "Show Log").then((chosen) => {
      if (chosen === "Try Now") {
        this.#keeper?.retry();
      } else if (chosen === "Turn Off" && this.#keeper !== undefined) {
        void this.toggle().catch(this.#parts.failed);
      } else if (chosen === "Show Log") {
        this.#parts.log.show();
      }
    });
  }
}

function warningText(failure: Failure): string {
  if (failure.kind === "sudo-needs-password") {
    return "Keep Profiling has stopped for now: the helper is gone, and starting it again needs your password.";
  }
  const { sentence, action } = describe(failure);
  return `Keep Profiling has stopped for now: ${sentence} ${action.replace(/:$/, ".")} It is tried again by itself.`;
}
