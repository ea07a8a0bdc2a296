import type { DebugFileOptions } from "../../recorder/debug-files.js";
import { debuginfodOf } from "../../recorder/debuginfod.js";
import { setting } from "../settings.js";

/** Somebody who stops a recording waits for nothing but what is nearly there; the next recording has the rest. */
const PATIENCE_MS = 5_000;

/** Where debug information may be fetched: as the setting says, else as DEBUGINFOD_URLS does; undefined where neither names a server. */
export function debugServers(log: (line: string) => void): DebugFileOptions | undefined {
  const urls = setting("debuginfodUrls").trim();
  const from = urls === "off" ? undefined : debuginfodOf(process.env, urls === "" ? undefined : urls);
  return from && { from, patienceMs: PATIENCE_MS, goesOn: true, log };
}
