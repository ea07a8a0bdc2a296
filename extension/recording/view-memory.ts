import type * as vscode from "vscode";
import type { ClientNotifications } from "../../protocol/language-server.js";
import type { RecordingSummary, Selection, TimeRange } from "../../protocol/queries.js";
import type { LanguageServer } from "../language-server-client.js";

/** Views that are remembered: of so many recordings a person goes back to one. */
const MOST_VIEWS = 8;
const KEY = "flameline.views";

interface RememberedView {
  readonly recording: string;
  /** Without its threads, whose indices are those of one reading of the recording. */
  readonly selection: Selection;
  readonly threads?: readonly { readonly pid: number; readonly tid: number }[];
  readonly compared?: { readonly path: string } & TimeRange;
}

/** What was shown of each recording, so that it comes back with the recording: after a reload of the window, too. */
export class ViewMemory {
  readonly #server: LanguageServer;
  readonly #memory: vscode.Memento;
  /** The one that is being opened: until it is as it was, what the server shows of it is not what the user chose. */
  #opening: string | undefined;
  #threads: RecordingSummary["threads"] = [];

  constructor(server: LanguageServer, memory: vscode.Memento) {
    this.#server = server;
    this.#memory = memory;
  }

  /** To be called with each change that the server tells. */
  async changed({ recording, selection, compared }: ClientNotifications["flameline/changed"]): Promise<void> {
    if (recording === null || recording === this.#opening) return;
    const { threads, ...rest } = selection;
    const known = this.#views();
    const view: RememberedView = {
      recording,
      selection: rest,
      ...(threads === undefined ? {} : { threads: await this.#named(threads) }),
      ...(compared ? { compared } : {}),
    };
    const [latest] = known;
    if (JSON.stringify(latest) === JSON.stringify(view)) return;
    await this.#memory.update(KEY, [view, ...known.filter((each) => each.recording !== recording)].slice(0, MOST_VIEWS));
  }

  /** Opens a recording and shows of it what was shown before. */
  async opened(open: () => Promise<RecordingSummary>): Promise<RecordingSummary> {
    const known = this.#views();
    const before = await this.#server.ask("flameline/summary", {});
    const summary = await open();
    const view = known.find(({ recording }) => recording === summary.id);
    // Who goes from one recording to another one wants to see the same event of it.
    if (view === undefined || (before !== null && !isPart(view))) return summary;
    this.#opening = summary.id;
    try {
      await this.#restore(view, summary);
    } finally {
      this.#opening = undefined;
    }
    return summary;
  }

  async #restore({ selection, threads, compared }: RememberedView, summary: RecordingSummary): Promise<void> {
    if (!summary.events.some(({ event }) => event === selection.event)) return;
    const indices = threads?.flatMap(({ pid, tid }) =>
      summary.threads.filter((each) => each.pid === pid && each.tid === tid).map(({ index }) => index),
    );
    await this.#server.ask("flameline/select", { selection: { ...selection, ...(indices?.length ? { threads: indices } : {}) } });
    // Where the other one is gone, the recording is shown alone.
    if (compared !== undefined) await this.#server.ask("flameline/compare", compared).catch(() => undefined);
  }

  #views(): readonly RememberedView[] {
    return this.#memory.get<readonly RememberedView[]>(KEY, []);
  }

  async #named(indices: readonly number[]) {
    if (!indices.every((wanted) => this.#threads.some(({ index }) => index === wanted))) {
      this.#threads = (await this.#server.ask("flameline/summary", {}))?.threads ?? [];
    }
    return this.#threads.filter(({ index }) => indices.includes(index)).map(({ pid, tid }) => ({ pid, tid }));
  }
}

/** Less than everything of an event is shown, or a comparison. */
function isPart({ selection, threads, compared }: RememberedView): boolean {
  const { fromNs, toNs, pids } = selection;
  return [fromNs, toNs, pids, threads, compared].some((each) => each !== undefined);
}
