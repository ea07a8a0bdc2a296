import type { Batch, HelperMessage } from "../../protocol/helper.js";
import { Recording } from "../recording.js";
import { atOnce, type Steps } from "../steps.js";
import { membersOf, textOf } from "../wire-values.js";

/**
 * Reads `batches.jsonl`: the helper's messages of one recording as they came, a line each: `started`, batches, `stopped`.
 * A crash leaves no `stopped` and perhaps half a line; what came before is read and the rest is said. Never throws.
 * Lines are taken one at a time, so the file may be of any length.
 */
export function readBatches(lines: Iterable<string>, name = ""): { recording: Recording; warnings: string[] } {
  return atOnce(readBatchesInSteps(lines, name));
}

/** The same with a pause after each message. `goesOn` says that it may still be written: then a missing end is nothing to speak of. */
export function* readBatchesInSteps(
  lines: Iterable<string>,
  name = "",
  goesOn = false,
): Steps<{ recording: Recording; warnings: string[] }> {
  let recording: Recording | undefined;
  let unreadable = 0;
  let lastUnreadable = false;
  let stopped = false;
  const early: Batch[] = [];
  for (const line of lines) {
    yield;
    if (line.trim() === "") continue;
    const message = parse(line);
    lastUnreadable = message === undefined;
    if (message === undefined) {
      unreadable++;
      continue;
    }
    if (message.type === "started" && recording === undefined) recording = Recording.fromStarted(message, name);
    else if (message.type === "batch") {
      if (recording === undefined) early.push(message);
      else recording.append(message);
    } else if (message.type === "rate") recording?.setRate(message);
    else if (message.type === "allocations") recording?.setAllocations(message);
    else if (message.type === "stopped") {
      stopped = true;
      recording?.stop(message);
    }
  }
  const result = recording ?? Recording.empty();
  if (recording === undefined) {
    result.notes.say("The recording's first line is missing, so its start and its rate are unknown.");
    result.setInfo({ name });
    for (const batch of early) result.append(batch);
  }
  const inMiddle = unreadable - (lastUnreadable ? 1 : 0);
  if (goesOn && (lastUnreadable || !stopped)) {
    // Half a message may be on its way.
  } else if (lastUnreadable) result.notes.say("The recording's last message was cut off and is left out.");
  else if (!stopped) result.notes.say("The recording was not ended properly; everything up to its last message was read.");
  if (inMiddle > 0) result.notes.count("bad-batch", inMiddle);
  return { recording: result, warnings: result.warnings };
}

function parse(line: string): HelperMessage | undefined {
  try {
    const message = JSON.parse(line) as HelperMessage;
    return textOf(membersOf(message).type) === "" ? undefined : message;
  } catch {
    return undefined;
  }
}
