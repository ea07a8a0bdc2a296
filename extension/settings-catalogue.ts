import type { EventName } from "../protocol/events.js";
import type { ServerSettings } from "../protocol/language-server.js";

/** Every setting of `package.json`, by its name without "flameline."; a unit test compares the two. */
export interface Settings {
  /** Samples a second on each processor: 1 to 999. */
  readonly sampleRate: number;
  readonly events: readonly EventName[];
  readonly profileSeconds: number;
  readonly "heat.enabled": boolean;
  readonly "heat.endOfLine": boolean;
  readonly "lenses.position": ServerSettings["lenses"];
  /** 0 to 100. */
  readonly "lenses.minimumPercent": number;
  readonly justMyCode: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly pathMappings: ServerSettings["pathMappings"];
  readonly "fixes.enabled": boolean;
  /** 0 to 100. */
  readonly "fixes.minimumPercent": number;
  readonly "languageModel.proposals": boolean;
  readonly debuginfodUrls: string;
  readonly "storage.limitMegabytes": number;
  /** Of the machine: above 0. */
  readonly "keepProfiling.cpuPercent": number;
  readonly "keepProfiling.memoryMegabytes": number;
  readonly "keepProfiling.diskMegabytes": number;
  readonly "keepProfiling.minutes": number;
}

/** What holds where neither the user nor `package.json` says anything; the same test compares these too. */
export const DEFAULTS: Settings = {
  sampleRate: 99,
  events: ["cpu", "off_cpu"],
  profileSeconds: 30,
  "heat.enabled": true,
  "heat.endOfLine": false,
  "lenses.position": "above",
  "lenses.minimumPercent": 0.5,
  justMyCode: true,
  include: [],
  exclude: [],
  pathMappings: [],
  "fixes.enabled": true,
  "fixes.minimumPercent": 1,
  "languageModel.proposals": false,
  debuginfodUrls: "",
  "storage.limitMegabytes": 1024,
  "keepProfiling.cpuPercent": 1,
  "keepProfiling.memoryMegabytes": 512,
  "keepProfiling.diskMegabytes": 256,
  "keepProfiling.minutes": 30,
};
