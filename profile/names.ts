/** The protocol's names as small integers, so that a column of them is a byte a row. */
import { EVENT_UNITS, type EventName, type FrameLanguage } from "../protocol/events.js";

/** Events in the order in which views list them; the index is what `samples.event` holds. */
export const EVENTS = Object.keys(EVENT_UNITS) as readonly EventName[];

/** A record, so that a language added to the protocol does not compile until it stands here too. */
const LANGUAGE_ORDER: Readonly<Record<FrameLanguage, null>> = {
  kernel: null,
  native: null,
  c: null,
  cpp: null,
  rust: null,
  go: null,
  python: null,
  javascript: null,
  java: null,
  ruby: null,
  php: null,
  perl: null,
  dotnet: null,
  beam: null,
};

/** The index is what `language` columns hold. */
export const LANGUAGES = Object.keys(LANGUAGE_ORDER) as readonly FrameLanguage[];

const eventIndices = new Map<string, number>(EVENTS.map((event, index) => [event, index]));
const languageIndices = new Map<string, number>(LANGUAGES.map((language, index) => [language, index]));

/** -1 for what is not an event. */
export const eventIndex = (name: string): number => eventIndices.get(name) ?? -1;
/** -1 for what is not a language. */
export const languageIndex = (name: string): number => languageIndices.get(name) ?? -1;
/** `native` where the index is none of ours: machine code of an unknown language. */
export const languageAt = (index: number): FrameLanguage => LANGUAGES[index] ?? "native";
