/** Writes a recording in the formats of other tools: the same for the window and the command. */
import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import { encodeCollapsed } from "../profile/formats/collapsed.js";
import { encodeCpuProfileInSteps } from "../profile/formats/cpuprofile-write.js";
import { encodeSpeedscopeInSteps } from "../profile/formats/speedscope-write.js";
import type { Steps } from "../profile/steps.js";
import { encodePageInSteps, type PageAssets, type PageContent } from "./html-page.js";

/** Formats of text. pprof, which is packed, is written by `profile/formats/pprof-encode.ts`. */
export const TEXT_FORMATS = ["collapsed", "speedscope", "cpuprofile", "html"] as const;

export type TextExport = (typeof TEXT_FORMATS)[number];

/**
 * The text in parts. `collapsed` and `cpuprofile` hold one event; `speedscope` all, or the one in `only`; `html` all. Throws an Error with one
 * sentence where the format cannot hold the event.
 */
export function* encodeInSteps(
  format: TextExport,
  content: PageContent & { readonly only?: EventName | undefined },
  assets: PageAssets | undefined,
): Steps<string[]> {
  const { recording, event, only } = content;
  switch (format) {
    case "collapsed":
      return [encodeCollapsed(recording, { event, idle: true })];
    case "speedscope":
      return yield* encodeSpeedscopeInSteps(recording, only);
    case "cpuprofile":
      if (EVENT_UNITS[event] !== "ns")
        throw new Error(`A .cpuprofile holds times only, and ${event} is counted in bytes: choose another event or format.`);
      return yield* encodeCpuProfileInSteps(recording, event);
    case "html":
      if (assets === undefined) throw new Error("The page's script was not handed over.");
      return yield* encodePageInSteps(content, assets);
  }
}
