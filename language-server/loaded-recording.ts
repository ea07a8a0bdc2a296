import type { CodeOwner, FunctionRow, RecordingSummary, Selection } from "../protocol/queries.js";
import type { Recording } from "../profile/recording.js";
import { hottestLines } from "./hottest-lines.js";
import { summarize } from "../profile/summary.js";
import { codeOwner } from "../source/owner.js";
import { InstalledFiles } from "../source/owner/installed-files.js";
import { Places } from "./places.js";
import { loadedMs, oldestMs } from "./loaded-since.js";
import { RecordedTexts } from "./recorded-texts.js";
import { mostlyAt, mostlyMember } from "./mostly.js";
import { type GroupSums, View } from "./view.js";
import type { Workspace } from "./workspace.js";

/** Views of other selections that are kept: a panel and the lenses may look at different ones. */
const KEPT_VIEWS = 4;

export interface LoadedRecordingOptions {
  readonly id: string;
  readonly name: string;
  /** The recording's own folder, where `sources` are kept; undefined for a profile from elsewhere. */
  readonly folder: string | undefined;
  readonly recording: Recording;
  readonly live: boolean;
  /** What reading it gave to say, one sentence each. */
  readonly warnings?: readonly string[];
}

/** A recording with what the server derives from it: places in the source, texts that ran, costs. */
export class LoadedRecording {
  readonly id: string;
  readonly name: string;
  readonly folder: string | undefined;
  readonly recording: Recording;
  readonly texts: RecordedTexts;
  readonly warnings: string[];
  live: boolean;
  /** Messages that could not be read as JSON. */
  malformed = 0;
  /** Helper messages received, the first one ("started") included. */
  messages = 1;
  readonly #workspace: Workspace;
  #places: Places;
  #installed: InstalledFiles | undefined;
  #placesGeneration: number;
  #owners: { readonly path: number; readonly owner: CodeOwner }[] = [];
  #functionOfPosition: Map<number, number>[] = [];
  readonly #views = new Map<string, View>();
  readonly #loadedMs = new Map<string, { revision: number; ms: number }>();
  readonly #captures = new Set<Promise<void>>();
  #indexing: Promise<void> | undefined;
  /** By path index: when its first samples were seen, and their function. */
  readonly #firstSamples: { readonly timeNs: number; readonly fn: number }[] = [];

  constructor(workspace: Workspace, options: LoadedRecordingOptions) {
    this.id = options.id;
    this.name = options.name;
    this.folder = options.folder;
    this.recording = options.recording;
    this.live = options.live;
    this.warnings = [...(options.warnings ?? [])];
    this.#workspace = workspace;
    this.texts = new RecordedTexts(workspace.files, options.folder);
    this.#places = this.#newPlaces();
    this.#placesGeneration = workspace.generation;
  }

  /** Up to date only after {@link view}. */
  get places(): Places {
    return this.#places;
  }

  /** The costs of a selection, with everything placed. */
  async view(selection: Selection): Promise<View> {
    if (this.#placesGeneration !== this.#workspace.generation) {
      this.#placesGeneration = this.#workspace.generation;
      this.#places = this.#newPlaces();
      this.#owners = [];
      this.#functionOfPosition = [];
      this.#views.clear();
    }
    const places = this.#places;
    await places.update();
    if (places !== this.#places) {
      return this.view(selection);
    }
    const key = JSON.stringify(selection);
    const known = this.#views.get(key);
    if (known?.revision === this.recording.revision) {
      return known;
    }
    const view = new View(this.recording, places, selection);
    this.#views.delete(key);
    this.#views.set(key, view);
    for (const oldest of this.#views.keys()) {
      if (this.#views.size <= KEPT_VIEWS) {
        break;
      }
      this.#views.delete(oldest);
    }
    return view;
  }

  get justMyCode(): boolean {
    return this.#workspace.settings.justMyCode;
  }

  /** What is shown before anyone chooses: CPU where there is some, else the first event that has samples. */
  defaultSelection(): Selection {
    // Which event has the first sample of a live recording is chance: views must not change by themselves a moment later.
    const [sampled] = this.live ? [] : this.recording.eventsWithSamples();
    return { event: sampled ?? this.recording.eventsPresent()[0] ?? "cpu" };
  }

  summary(): RecordingSummary {
    const malformed =
      this.malformed > 0
        ? [
            `${this.malformed} ${this.malformed === 1 ? "message" : "messages"} from the helper could not be read and ${this.malformed === 1 ? "was" : "were"} left out.`,
          ]
        : [];
    const summary = summarize(this.recording, this.id, this.live);
    return { ...summary, name: this.name, warnings: [...new Set([...this.warnings, ...summary.warnings, ...malformed])] };
  }

  owner(fn: number): CodeOwner {
    const path = this.#places.pathOfFunction(fn);
    const known = this.#owners[fn];
    if (known?.path === path) {
      return known.owner;
    }
    const owner = this.#ownerAt(fn, path);
    this.#owners[fn] = { path, owner };
    return owner;
  }

  /** Whose a file is, by the first function that had samples in it. */
  ownerOfPath(path: number): CodeOwner {
    return this.#ownerAt(this.#firstSamples[path]?.fn ?? 0, path);
  }

  /** A function as tables show it; `sums` are costs by function. */
  functionRow(view: View, fn: number, sums: GroupSums): FunctionRow {
    const { functions } = this.recording;
    const { self, total } = sums;
    const path = this.#places.pathOfFunction(fn);
    const line = functions.lineOf(fn) || this.hottestLine(view, fn);
    return {
      function: fn,
      name: functions.labelOf(fn),
      language: functions.languageOf(fn),
      owner: this.owner(fn),
      file: this.#places.shownPaths[path] ?? null,
      line: line > 0 ? line : null,
      self: self[fn] ?? 0,
      total: total[fn] ?? 0,
      ...mostlyMember(mostlyAt(view, "functions", (one) => one.functions(), fn)),
    };
  }

  /** The line (1-based, on this machine) through which most of a function's time goes; 0 where there is none. */
  hottestLine(view: View, fn: number): number {
    const lines = view.once("hottest lines", () => hottestLines(view, this.#places, this.recording.functions.length));
    const id = lines[fn] ?? -1;
    return id < 0 ? 0 : this.#places.lineNumber.at(id);
  }

  /** When the code of a file that was last written at `modifiedMs` was read, ms since 1970; 0 when the recording does not know. */
  loadedMs(path: number, modifiedMs: number): number {
    const oldest = oldestMs(this.recording);
    if (modifiedMs < oldest) {
      return oldest;
    }
    const key = this.#places.realPaths[path] ?? "";
    const known = this.#loadedMs.get(key);
    if (known?.revision === this.recording.revision) {
      return known.ms;
    }
    const ms = loadedMs(this.recording, this.#places, path);
    this.#loadedMs.set(key, { revision: this.recording.revision, ms });
    return ms;
  }

  /** Which function of the text that ran each (function, line) of a file is in: found once, as that text does not change. */
  functionOfPosition(path: number): Map<number, number> {
    const known = this.#functionOfPosition[path] ?? new Map<number, number>();
    this.#functionOfPosition[path] = known;
    return known;
  }

  /** Where in the recording, ns since its start, a file's first samples were seen. */
  firstSampledNs(path: number): number {
    return this.#firstSamples[path]?.timeNs ?? 0;
  }

  /** After a crash: takes the texts that were not yet taken, of files that have not changed since the run. */
  async captureUnchanged(): Promise<void> {
    await this.view(this.defaultSelection());
    for (const [path, real] of this.#places.realPaths.entries()) {
      const disk = await this.#workspace.files.stat(real);
      if (disk !== undefined && disk.mtimeMs < this.loadedMs(path, disk.mtimeMs) && this.ownerOfPath(path) === "mine") {
        await this.texts.capture(real);
      }
    }
  }

  /** Waits until the texts of all files seen so far are taken. */
  async captured(): Promise<void> {
    await this.#captured();
    await this.#indexing;
  }

  #newPlaces(): Places {
    const workspace = this.#workspace;
    const installed = new InstalledFiles(workspace.files, workspace.ownerSettings.folders);
    this.#installed = installed;
    const realpath = async (path: string): Promise<string> => {
      await installed.look(path);
      return workspace.files.realpath(path);
    };
    const places: Places = new Places(this.recording, workspace.locator(), realpath, (path, fn) => {
      // After a change of settings the old places may still be under way.
      if (places === this.#places) {
        this.#firstSampled(path, fn);
      }
    });
    return places;
  }

  #firstSampled(path: number, fn: number): void {
    this.#firstSamples[path] = { timeNs: this.recording.info.durationNs, fn };
    const real = this.#places.realPaths[path];
    if (this.folder === undefined || real === undefined) {
      return;
    }
    // A finished recording takes no more texts: what is on the disk now need not be what ran.
    if (this.live && this.#ownerAt(fn, path) === "mine") {
      const capture: Promise<void> = this.texts.capture(real).finally(() => this.#captures.delete(capture));
      this.#captures.add(capture);
      this.#indexing ??= this.#index().finally(() => {
        this.#indexing = undefined;
      });
    }
  }

  /** The index goes to the disk while the recording runs, so that a crash loses no text that was taken. */
  async #index(): Promise<void> {
    await this.#captured();
    // A full disk is told when the recording is finished, which writes it again.
    await this.texts.writeIndex().catch(() => undefined);
  }

  async #captured(): Promise<void> {
    while (this.#captures.size > 0) {
      await Promise.all(this.#captures);
    }
  }

  #ownerAt(fn: number, path: number): CodeOwner {
    const { functions } = this.recording;
    const place = {
      path: this.#places.shownPaths[path],
      recordedFile: functions.fileOf(fn),
      functionName: functions.nameOf(fn),
      language: functions.languageOf(fn),
      module: functions.moduleOf(fn),
    };
    const isInstalled = place.path !== undefined && this.#installed?.has(place.path) === true;
    return codeOwner({ ...place, isInstalled }, this.#workspace.ownerSettings);
  }
}
