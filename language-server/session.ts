import { basename, resolve } from "node:path";
import type { Allocations, Batch, Rate, Started, Stopped } from "../protocol/helper.js";
import type { ParamsOf } from "../protocol/language-server.js";
import type { BaselineSummary, RecordingSummary, Selection, TimeRange } from "../protocol/queries.js";
import { Recording } from "../profile/recording.js";
import { type Baseline, baselineSummary } from "./baseline.js";
import { ServerError } from "./failures.js";
import { keepRecording } from "./keep-recording.js";
import { LoadedRecording } from "./loaded-recording.js";
import { findRecording, openPath, previousRecording } from "./open-recording.js";
import { readRing } from "./read-profile.js";
import type { View } from "./view.js";
import type { Workspace } from "./workspace.js";

/** What a change means for lenses that are already shown. */
export type SessionChange =
  /** More samples of the same: only numbers change, and the longer a recording is, the less they do. */
  | "more"
  /** Another selection, or the recording's end: only numbers change. */
  | "numbers"
  /** A new recording began: lenses stay where they are. */
  | "begun"
  /** Another recording is shown, or none: lenses start anew. */
  | "replaced";

/**
 * The one current recording, what every view shows of it, and the recording before it for comparison. A live recording
 * goes on collecting while another one is looked at.
 */
export class Session {
  readonly #workspace: Workspace;
  readonly #onChange: (change: SessionChange) => void;
  readonly #log: (message: string) => void;
  #current: LoadedRecording | undefined;
  #live: LoadedRecording | undefined;
  #previous: LoadedRecording | undefined;
  #selection: Selection | undefined;
  #baseline: Baseline | undefined;
  #unknownBatches = 0;
  #opening: Promise<unknown> = Promise.resolve();

  constructor(workspace: Workspace, onChange: (change: SessionChange) => void, log: (message: string) => void) {
    this.#workspace = workspace;
    this.#onChange = onChange;
    this.#log = log;
  }

  isLive(id: string): boolean {
    return this.#live?.id === id;
  }

  get current(): LoadedRecording | undefined {
    return this.#current;
  }

  /** The recording before the current one, to tell before → after. */
  get previous(): LoadedRecording | undefined {
    return this.#previous;
  }

  /** What the current recording is compared with; undefined where nothing is, or it is the very same. */
  get baseline(): Baseline | undefined {
    const { loaded, range } = this.#baseline ?? {};
    if (loaded === undefined || range === undefined || this.#current === undefined) {
      return undefined;
    }
    const part = range.fromNs !== undefined || range.toNs !== undefined;
    return loaded.id !== this.#current.id || part ? { loaded, range } : undefined;
  }

  /** Compares what is shown with another recording, or with a part of one; null ends it. Throws a {@link ServerError}. */
  async compare(path: string | null, range: TimeRange): Promise<BaselineSummary | null> {
    const current = this.#current;
    const same =
      path !== null && current !== undefined && [path, resolve(path)].some((each) => each === current.id || each === current.folder);
    this.#baseline = path === null ? undefined : { loaded: same ? current : await openPath(this.#workspace, path), range };
    this.#onChange("numbers");
    return this.#baseline === undefined ? null : baselineSummary(this.#baseline);
  }

  /** The current recording; throws a {@link ServerError} where there is none. */
  required(): LoadedRecording {
    if (this.#current === undefined) {
      throw new ServerError({ kind: "no-recording" });
    }
    return this.#current;
  }

  get selection(): Selection {
    return this.#selection ?? this.#current?.defaultSelection() ?? { event: "cpu" };
  }

  /** The current recording under the current selection. */
  async view(): Promise<{ loaded: LoadedRecording; view: View } | undefined> {
    const loaded = this.#current;
    return loaded === undefined ? undefined : { loaded, view: await loaded.view(this.selection) };
  }

  /** Begins a live recording, or again after a restart of the server: what was kept of its sources then is taken over. */
  async begin(params: { id: string; name: string; folder: string; started: string }): Promise<void> {
    const recording = Recording.fromStarted(parseStarted(params.started), params.name);
    const folder = params.folder === "" ? undefined : params.folder;
    const loaded = new LoadedRecording(this.#workspace, { id: params.id, name: params.name, folder, recording, live: true });
    this.#live = loaded;
    await loaded.texts.load();
    this.#show(loaded, "begun");
    if (this.#previous === undefined && folder !== undefined) {
      void this.#findPrevious(loaded, folder);
    }
  }

  /** One helper message of the live recording; whatever cannot be read is counted. */
  message(id: string, text: string): void {
    const loaded = this.#live;
    if (loaded?.id !== id) {
      this.#unknownBatches += 1;
      if (this.#unknownBatches === 1) {
        this.#log(`batches of the recording ${id}, which is not live here, are left to its file`);
      }
      return;
    }
    loaded.messages += 1;
    const message = parseMessage(text);
    switch (message?.type) {
      case "batch":
        // The model checks every row and member itself.
        loaded.recording.append(message as unknown as Batch);
        break;
      case "stopped":
        loaded.recording.stop(message as unknown as Stopped);
        break;
      case "rate":
        loaded.recording.setRate(message as unknown as Rate);
        break;
      case "allocations":
        loaded.recording.setAllocations(message as unknown as Allocations);
        break;
      case "started":
      case "progress":
      case "error":
        break;
      default:
        loaded.malformed += 1;
    }
    if (loaded === this.#current) {
      this.#onChange("more");
    }
  }

  /** Ends a live recording and writes what is kept of it; one that is not live here is finished from its folder. */
  async finish(id: string): Promise<RecordingSummary> {
    const live = this.#live?.id === id ? this.#live : undefined;
    if (live === undefined) {
      return this.#finishKept(id);
    }
    await live.view(live.defaultSelection());
    this.#live = undefined;
    live.live = false;
    let loaded = live;
    if (live.folder !== undefined && (await keepRecording(live, live.folder)) === "incomplete") {
      this.#log(`not every batch of ${id} reached the language server: it is read from its folder`);
      loaded = await openPath(this.#workspace, live.folder, true);
    }
    if (live === this.#current) {
      this.#current = loaded;
      this.#onChange("numbers");
    }
    return loaded.summary();
  }

  /** Finishes a recording that is not live here; it is shown only where nothing else is. */
  async #finishKept(id: string): Promise<RecordingSummary> {
    const folder = findRecording(this.#workspace, id);
    if (this.#current === undefined || this.#current.id === id) {
      return this.open(folder, true);
    }
    return (await openPath(this.#workspace, folder, true)).summary();
  }

  /**
   * Opens a profile or a recording's folder and makes it current; `ended` says that its writer is done. One after the other: of two that
   * are asked for, the later one stays, however long the first takes to read.
   */
  open(path: string, ended = false): Promise<RecordingSummary> {
    const opened = this.#opening.then(() => this.#open(path, ended));
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  /** The last minutes of a ring as a recording of their own, kept in `folder`. */
  openRing(params: ParamsOf<"flameline/openRing">): Promise<RecordingSummary> {
    const opened = this.#opening.then(() => this.#openRing(params));
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  async #openRing({ ring, minutes, id, name, folder }: ParamsOf<"flameline/openRing">): Promise<RecordingSummary> {
    const { recording, warnings } = await readRing(ring, minutes);
    const loaded = new LoadedRecording(this.#workspace, { id, name, folder, recording, live: false, warnings });
    if (recording.samples.length === 0) {
      return loaded.summary();
    }
    recording.setInfo({ name });
    loaded.messages = Number.POSITIVE_INFINITY;
    await loaded.captureUnchanged();
    await keepRecording(loaded, folder);
    this.#show(loaded, "replaced");
    return loaded.summary();
  }

  async #open(path: string, ended: boolean): Promise<RecordingSummary> {
    const live = this.#live !== undefined && resolve(path) === this.#live.folder ? this.#live : undefined;
    const loaded = live ?? (await openPath(this.#workspace, path, ended));
    this.#previous = undefined;
    this.#show(loaded, "replaced");
    if (loaded.folder !== undefined) {
      await this.#findPrevious(loaded, loaded.folder);
    }
    return loaded.summary();
  }

  clear(): void {
    this.#remember(this.#current);
    this.#current = undefined;
    this.#selection = undefined;
    this.#baseline = undefined;
    this.#onChange("replaced");
  }

  select(selection: Selection): void {
    this.#selection = selection;
    this.#onChange("numbers");
  }

  #show(loaded: LoadedRecording, change: SessionChange): void {
    if (this.#current?.id !== loaded.id && change === "begun") {
      this.#remember(this.#current);
    }
    this.#current = loaded;
    // Threads and times of a selection are those of one recording; the event is what the user wants to see.
    const { event, idle } = this.#selection ?? {};
    const kept = idle === undefined ? {} : { idle };
    this.#selection = event !== undefined && loaded.recording.eventsPresent().includes(event) ? { event, ...kept } : undefined;
    this.#onChange(change);
  }

  /** Keeps a recording to compare the next one with; one without samples says nothing. */
  #remember(loaded: LoadedRecording | undefined): void {
    if (loaded !== undefined && loaded.recording.samples.length > 0) {
      this.#previous = loaded;
    }
  }

  async #findPrevious(loaded: LoadedRecording, folder: string): Promise<void> {
    try {
      const previous = await previousRecording(this.#workspace, folder);
      if (this.#current === loaded && this.#previous === undefined) {
        this.#previous = previous;
        this.#onChange("numbers");
      }
    } catch (error) {
      this.#log(`the recording before ${basename(folder)} could not be read: ${String(error)}`);
    }
  }
}

function parseStarted(text: string): Started {
  const message = parseMessage(text);
  if (message?.type !== "started") {
    throw new ServerError({ kind: "bad-start", reason: message === undefined ? "not JSON" : `type ${JSON.stringify(message.type)}` });
  }
  return message as unknown as Started;
}

function parseMessage(text: string): { readonly type: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "type" in value ? value : undefined;
  } catch {
    return undefined;
  }
}
