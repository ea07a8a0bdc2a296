import { EVENT_UNITS, type EventName } from "../../protocol/events.js";
import { PairTable } from "../pair-table.js";
import type { Recording } from "../recording.js";
import { eachRow, type Steps } from "../steps.js";
import { TextParts } from "./text-parts.js";
import { NO_STACK_NAME } from "./speedscope-read.js";
import { hasTimes, placed, rowsByThread, type ThreadRows } from "./timeline.js";

/**
 * The recording as a speedscope file, in parts to be written one after another: a profile for each event and thread, `sampled`, with an empty
 * stack where nothing ran, and frames with the lines of the samples as py-spy writes them. Not in the file: modules, addresses, kernel and
 * languages, losses.
 */
export function* encodeSpeedscopeInSteps(recording: Recording, event?: EventName): Steps<string[]> {
  const events = event === undefined ? recording.eventsWithSamples() : [event];
  const writer = new SpeedscopeWriter(recording);
  const parts = new TextParts();
  parts.add(
    `{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"flameline","name":${JSON.stringify(recording.info.name)},"activeProfileIndex":0,"profiles":[`,
  );
  let first = true;
  for (const each of events) {
    for (const thread of rowsByThread(recording, each)) {
      parts.add(first ? "\n" : ",\n");
      first = false;
      yield* writer.profile(each, thread, events.length > 1, parts);
    }
  }
  parts.add("],\n");
  yield* writer.frames(parts);
  parts.add("}\n");
  return parts.all();
}

/** Stands for a row of the lines' table in the frame of samples that have no stack. */
const NO_STACK = -1;

class SpeedscopeWriter {
  readonly #recording: Recording;
  /** Frames of the file: (row of the lines' table, column). */
  readonly #positions = new PairTable();
  /** Of each frame of the recording: its frames of the file, outermost first, joined by commas. */
  readonly #texts: (string | undefined)[] = [];

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  *profile(event: EventName, thread: ThreadRows, several: boolean, parts: TextParts): Steps<void> {
    const unit = EVENT_UNITS[event] === "ns" ? "nanoseconds" : "bytes";
    const gaps = unit === "nanoseconds" && hasTimes(this.#recording, event);
    const weights: string[] = [];
    const start = gaps ? this.#recording.samples.timeNs.at(thread.rows[0] ?? 0) : 0;
    let end = start;
    parts.add(`{"type":"sampled",${this.#head(event, thread.thread, several)},"unit":"${unit}","startValue":${start},"samples":[`);
    const laid = placed(this.#recording, thread, { gaps, from: start });
    yield* eachRow(thread.rows.length, () => {
      const { value } = laid.next();
      if (value === undefined) return;
      const before = weights.length === 0 ? "" : ",";
      if (value.gap > 0) {
        parts.add(`${before}[]`);
        weights.push(`${value.gap}`);
      }
      parts.add(`${weights.length === 0 ? "" : ","}[${this.#stack(this.#recording.samples.stack.at(value.row))}]`);
      weights.push(`${value.value}`);
      end = value.start + value.value;
    });
    parts.add(`],"weights":[${weights.join(",")}],"endValue":${end}}`);
  }

  *frames(parts: TextParts): Steps<void> {
    const { frames, functions } = this.#recording;
    parts.add('"shared":{"frames":[');
    yield* eachRow(this.#positions.length, (index) => {
      const row = this.#positions.first.at(index);
      if (row === NO_STACK) return parts.add(`${index === 0 ? "\n" : ",\n"}${JSON.stringify({ name: NO_STACK_NAME })}`);
      const fn = frames.lines.first.at(row);
      const file = functions.fileOf(fn);
      const line = frames.lines.second.at(row);
      const column = this.#positions.second.at(index);
      const place = { ...(file === "" ? {} : { file }), ...(line > 0 ? { line } : {}), ...(column > 0 ? { col: column } : {}) };
      parts.add(`${index === 0 ? "\n" : ",\n"}${JSON.stringify({ name: functions.labelOf(fn), ...place })}`);
    });
    parts.add("]}");
  }

  /** What a person reads, and the same for us. */
  #head(event: EventName, thread: number, several: boolean): string {
    const row = this.#recording.threads[thread];
    const process = this.#recording.processes[row?.process ?? -1];
    const own = { event, pid: process?.pid ?? 0, process: process?.name ?? "", tid: row?.tid ?? 0, thread: row?.name ?? "" };
    const named = (name: string, id: number): string => [name, id > 0 ? `${id}` : ""].filter((part) => part !== "").join(" ");
    const whose = [named(own.process, own.pid), named(own.thread, own.tid)].filter((part) => part !== "").join(" / ");
    const name = `${several ? `${event} ` : ""}${whose}`.trim() || event;
    return `"name":${JSON.stringify(name)},"flameline":${JSON.stringify(own)}`;
  }

  #stack(stack: number): string {
    const { stacks } = this.#recording;
    // An empty stack is time in which nothing ran.
    if (stack < 0) return `${this.#positions.intern(NO_STACK, 0)}`;
    const texts: string[] = [];
    for (let at = stack; at >= 0; at = stacks.parent.at(at)) texts.push(this.#frame(stacks.frame.at(at)));
    return texts.reverse().join(",");
  }

  #frame(frame: number): string {
    const known = this.#texts[frame];
    if (known !== undefined) return known;
    const { frames } = this.#recording;
    const first = frames.start.at(frame);
    const ids: number[] = [];
    for (let at = first + frames.count.at(frame) - 1; at >= first; at--) {
      ids.push(this.#positions.intern(frames.positionLine.at(at), frames.positionColumn.at(at)));
    }
    return (this.#texts[frame] = ids.join(","));
  }
}
