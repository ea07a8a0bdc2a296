import { EVENT_UNITS, type EventName } from "../../protocol/events.js";
import { PPROF_NAMES } from "./sample-types.js";
import type { Selection } from "../../protocol/queries.js";
import { EVENTS, type LANGUAGES, languageAt } from "../names.js";
import type { Recording } from "../recording.js";
import { forEachSelected } from "../selection.js";
import { atOnce, eachRow, type Steps } from "../steps.js";
import { guessLanguage, markerOf } from "./guess-language.js";
import { LocationLists } from "./location-lists.js";
import { type LanguageException, writeAccount, writeDetails } from "./pprof-comment.js";
import { LABEL_NAMES } from "./pprof-labels.js";
import { FUNCTION, LABEL, LINE, LOCATION, MAPPING, PROFILE, SAMPLE, VALUE_TYPE } from "./pprof-fields.js";
import { ProtoWriter } from "./proto-writer.js";

interface EncodeOptions {
  /** Only these samples; all events and samples where it is absent. */
  readonly selection?: Selection;
  /** False leaves the processes' arguments out, which may hold secrets: for files that go to others. Default true. */
  readonly commandLines?: boolean;
}

/** The recording as an uncompressed pprof profile; pprof.ts says what is where. */
export function encodePprof(recording: Recording, options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
  return atOnce(encodePprofInSteps(recording, options));
}

/** The same with pauses: a million samples take a second. The recording must not change meanwhile. */
export function encodePprofInSteps(recording: Recording, options: EncodeOptions = {}): Steps<Uint8Array<ArrayBuffer>> {
  return new PprofEncoder(recording, options).encode();
}

class PprofEncoder {
  readonly #recording: Recording;
  readonly #options: EncodeOptions;
  readonly #out = new ProtoWriter();
  /** Scratch for a message and for a message inside it. */
  readonly #message = new ProtoWriter();
  readonly #inner = new ProtoWriter();
  /** Strings of the file that the recording does not have; they follow the recording's own, which keep their indices. */
  readonly #extra = new Map<string, number>();

  constructor(recording: Recording, options: EncodeOptions) {
    this.#recording = recording;
    this.#options = options;
  }

  *encode(): Steps<Uint8Array<ArrayBuffer>> {
    const { info } = this.#recording;
    const { selection } = this.#options;
    const events = selection === undefined ? this.#recording.eventsPresent() : [selection.event];
    const counts = this.#recording.samples.count.view();
    let counted = false;
    yield* eachRow(counts.length, (row) => (counted ||= counts[row] !== 1));
    if (counted) this.#valueType(PROFILE.sampleType, "samples", "count");
    for (const event of events) this.#valueType(PROFILE.sampleType, nameOf(event), unitOf(event));
    const rows = selection && this.#rowsOf(selection);
    const writeSample = this.#samples(events, counted);
    yield* this.#mappingsAndLocations();
    const languages = yield* this.#functions();
    this.#out.int(PROFILE.comment, this.#string(writeAccount(this.#recording, selection === undefined ? info.events : events)));
    this.#out.text(
      PROFILE.flamelineDetails,
      writeDetails(this.#recording, languages, {
        commandLines: true,
        ...this.#options,
        samples: rows?.length ?? this.#recording.samples.length,
      }),
    );
    const start = BigInt(info.startUnixNs);
    this.#out.halves(PROFILE.timeNanos, Number(start >> 32n), Number(start & 0xffff_ffffn));
    this.#out.int(PROFILE.durationNanos, Math.round(info.durationNs));
    if (info.hz > 0) {
      this.#valueType(PROFILE.periodType, "cpu", "nanoseconds");
      this.#out.int(PROFILE.period, Math.round(1e9 / info.hz));
    }
    this.#out.int(PROFILE.defaultSampleType, this.#string(nameOf(events[0] ?? "cpu")));
    for (const texts of [this.#recording.strings, [...this.#extra.keys()]]) {
      yield* eachRow(texts.length, (index) => this.#out.text(PROFILE.stringTable, texts[index] ?? ""));
    }
    // The bulk comes last: of a file that was cut off, all names and the first samples can be read.
    if (rows === undefined) yield* eachRow(this.#recording.samples.length, writeSample);
    else yield* eachRow(rows.length, (index) => writeSample(rows[index] ?? 0));
    return this.#out.view();
  }

  #rowsOf(selection: Selection): number[] {
    const rows: number[] = [];
    forEachSelected(this.#recording, selection, (row) => rows.push(row));
    return rows;
  }

  /** Makes the strings that samples need and returns what writes the sample of a row. */
  #samples(events: readonly EventName[], counted: boolean): (row: number) => void {
    const { samples } = this.#recording;
    const [stacks, threads, times] = [samples.stack.view(), samples.thread.view(), samples.timeNs.view()];
    const [kinds, values, counts] = [samples.event.view(), samples.value.view(), samples.count.view()];
    const columns = EVENTS.map((event) => events.indexOf(event));
    const locations = new LocationLists(this.#recording);
    const labels = this.#threadLabels();
    const timeKey = this.#string("timestamp_ns");
    const eventKey = this.#string("event");
    const eventNames = EVENTS.map((event) => (events.includes(event) ? this.#string(event) : 0));
    return (row) => {
      const message = this.#message;
      message.clear();
      const list = locations.of(stacks[row] ?? -1);
      if (list.length > 0) message.bytes(SAMPLE.locationId, list);
      const column = columns[kinds[row] ?? 0] ?? -1;
      const value = Math.min(Math.round(values[row] ?? 0), LARGEST_INT64);
      this.#inner.clear();
      if (counted) this.#inner.varint(counts[row] ?? 0);
      for (let i = 0; i < events.length; i++) this.#inner.varint(i === column ? value : 0);
      message.bytes(SAMPLE.value, this.#inner.view());
      const time = Math.round(times[row] ?? 0);
      this.#inner.clear();
      this.#inner.int(LABEL.key, timeKey);
      // A number of 0 would be no number at all, and readers take such a label for an empty text.
      this.#inner.varint(LABEL.number << 3);
      this.#inner.varint(time);
      message.bytes(SAMPLE.label, this.#inner.view());
      message.raw(labels[threads[row] ?? 0] ?? new Uint8Array());
      if (value === 0 && events.length > 1) {
        this.#inner.clear();
        this.#inner.int(LABEL.key, eventKey);
        this.#inner.int(LABEL.text, eventNames[kinds[row] ?? 0] ?? 0);
        message.bytes(SAMPLE.label, this.#inner.view());
      }
      this.#out.bytes(PROFILE.sample, message.view());
    };
  }

  /** The labels that say whose a sample is, ready to be put into it, by thread. */
  #threadLabels(): Uint8Array[] {
    const { processes, threads } = this.#recording;
    const seen = new Set<string>();
    return threads.map(({ process, tid, name, labels = [] }, thread) => {
      const owner = processes[process];
      const message = new ProtoWriter();
      const label = (key: string, number: number, text = ""): void => {
        this.#inner.clear();
        this.#inner.int(LABEL.key, this.#string(key));
        this.#inner.int(LABEL.text, this.#string(text));
        this.#inner.int(LABEL.number, number);
        message.bytes(SAMPLE.label, this.#inner.view());
      };
      if ((owner?.pid ?? 0) > 0) label("pid", owner?.pid ?? 0);
      if (tid > 0) label("tid", tid);
      if (name !== "") label("thread", 0, name);
      for (const [key, value] of labels) if (!LABEL_NAMES.has(key)) label(key, 0, value);
      if (owner !== undefined && owner.name !== "") label("process", 0, owner.name);
      // After `exec`, or when the kernel used a pid again, the labels above fit two rows.
      const key = JSON.stringify([owner?.pid, tid, name, owner?.name]);
      if (seen.has(key)) label("flameline_thread", thread);
      seen.add(key);
      return message.view().slice();
    });
  }

  *#mappingsAndLocations(): Steps<void> {
    const { frames, strings } = this.#recording;
    const mappings = new Map<string, number>();
    yield* eachRow(frames.length, (frame) => {
      const module = strings[frames.module.at(frame)] ?? "";
      const name = module === "" ? markerOf(languageAt(frames.language.at(frame))) : module;
      const known = mappings.get(name) ?? mappings.size + 1;
      mappings.set(name, known);
      const message = this.#message;
      message.clear();
      message.int(LOCATION.id, frame + 1);
      message.int(LOCATION.mappingId, known);
      message.halves(LOCATION.address, frames.addressHigh.at(frame), frames.addressLow.at(frame));
      const positions = frames.positions(frame);
      for (const { function: fn, line, column } of positions) {
        if (positions.length === 1 && this.#isNothing(fn, line)) continue;
        this.#inner.clear();
        this.#inner.int(LINE.functionId, fn + 1);
        this.#inner.int(LINE.line, line);
        this.#inner.int(LINE.column, column);
        message.bytes(LOCATION.line, this.#inner.view());
      }
      this.#out.bytes(PROFILE.location, message.view());
    });
    for (const [name, id] of mappings) {
      const message = this.#message;
      message.clear();
      message.int(MAPPING.id, id);
      message.int(MAPPING.filename, this.#string(name));
      // Says that symbols are there already: `go tool pprof` then leaves the files alone.
      for (const has of [MAPPING.hasFunctions, MAPPING.hasFilenames, MAPPING.hasLineNumbers, MAPPING.hasInlineFrames]) message.int(has, 1);
      this.#out.bytes(PROFILE.mapping, message.view());
    }
  }

  /** Writes the functions and gives those whose language a reader would not guess. */
  *#functions(): Steps<Partial<Record<(typeof LANGUAGES)[number], LanguageException[]>>> {
    const { functions } = this.#recording;
    const exceptions: Partial<Record<(typeof LANGUAGES)[number], LanguageException[]>> = {};
    yield* eachRow(functions.length, (fn) => {
      const [name, file, module, language] = [functions.nameOf(fn), functions.fileOf(fn), functions.moduleOf(fn), functions.languageOf(fn)];
      const mapping = module === "" ? markerOf(language) : module;
      if (guessLanguage(file, mapping) !== language) {
        const list = exceptions[language] ?? [];
        list.push([name, file, module]);
        exceptions[language] = list;
      }
      const message = this.#message;
      message.clear();
      message.int(FUNCTION.id, fn + 1);
      message.int(FUNCTION.name, functions.name.at(fn));
      message.int(FUNCTION.systemName, functions.name.at(fn));
      message.int(FUNCTION.filename, functions.file.at(fn));
      message.int(FUNCTION.startLine, functions.lineOf(fn));
      this.#out.bytes(PROFILE.function, message.view());
    });
    return exceptions;
  }

  /** A position without name, file and line is no line at all: other tools then show the address. */
  #isNothing(fn: number, line: number): boolean {
    const { functions } = this.#recording;
    return line === 0 && functions.name.at(fn) === 0 && functions.file.at(fn) === 0;
  }

  #valueType(field: number, type: string, unit: string): void {
    this.#message.clear();
    this.#message.int(VALUE_TYPE.type, this.#string(type));
    this.#message.int(VALUE_TYPE.unit, this.#string(unit));
    this.#out.bytes(field, this.#message.view());
  }

  #string(text: string): number {
    const known = this.#recording.stringTable.find(text);
    if (known >= 0) return known;
    const index = this.#extra.get(text) ?? this.#recording.strings.length + this.#extra.size;
    this.#extra.set(text, index);
    return index;
  }
}

/** The largest double that is an int64. */
const LARGEST_INT64 = 2 ** 63 - 1024;

/** pprof's own word for the unit. */
function nameOf(event: EventName): string {
  return PPROF_NAMES[event] ?? event;
}

function unitOf(event: EventName): string {
  return EVENT_UNITS[event] === "ns" ? "nanoseconds" : "bytes";
}
