import { WindowError } from "../failures.js";
import type { FlameGraphs } from "../flame-graphs.js";
import { folderPaths } from "../folders.js";
import type { LanguageServer } from "../language-server-client.js";
import type { KeptRecordings } from "../recording/kept-recordings.js";

interface Parts {
  readonly server: LanguageServer;
  readonly kept: KeptRecordings;
  readonly graphs: Pick<FlameGraphs, "show">;
}

/**
 * Makes the last minutes of a ring a recording like any other and shows it: what is looked at must not change, or go, while it is looked at.
 * Throws what `describe` explains.
 */
export async function showLastMinutes(ring: string, minutes: number, { server, kept, graphs }: Parts): Promise<void> {
  const { isRing } = await import("../../recorder/keep/ring.js");
  if (!isRing(ring)) {
    throw new WindowError({ kind: "nothing-kept", minutes: undefined });
  }
  const name = `Last ${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
  const startedUnixMs = Date.now() - minutes * 60_000;
  const writer = await kept.store().create({ name, folders: folderPaths(), events: [], hz: 0, startedUnixMs });
  const { id } = writer.meta;
  let samples = 0;
  try {
    const summary = await server.ask("flameline/openRing", { ring, minutes, id, name, folder: writer.folder });
    const { durationNs, warnings } = summary;
    samples = summary.events.reduce((sum, event) => sum + event.samples, 0);
    await writer.end({ state: "ended", durationNs, batches: 0, samples, notes: warnings });
    if (samples > 0) {
      await kept.nowOpen(writer.folder, id);
      kept.tell(writer.folder, summary);
    }
  } finally {
    if (samples === 0) {
      await kept.forget(id);
    }
  }
  if (samples === 0) {
    throw new WindowError({ kind: "nothing-kept", minutes });
  }
  await kept.enforceLimit();
  await graphs.show();
}
