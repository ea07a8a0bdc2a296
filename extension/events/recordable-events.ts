import type { EventName } from "../../protocol/events.js";
import { FlamelineError } from "../../recorder/failures.js";
import { setting } from "../settings.js";
import { chosenEvents } from "./event-words.js";

/** The events of the setting that the helper can record here; throws where nothing is left. `without` hears what it cannot. */
export function recordableEvents(available: readonly EventName[], without: (sentence: string) => void): readonly EventName[] {
  const wanted = chosenEvents(setting("events"));
  const missing = wanted.filter((event) => !available.includes(event));
  if (missing.length === wanted.length) {
    throw new FlamelineError({ kind: "events-unavailable", events: missing, available });
  }
  if (missing.length > 0) {
    without(`this helper cannot record ${missing.join(", ")} here, so the recording is without`);
  }
  return wanted.filter((event) => available.includes(event));
}
