import { int32Column } from "../growable.js";
import { languageAt, languageIndex } from "../names.js";
import { PairTable } from "../pair-table.js";
import { Recording } from "../recording.js";
import { atOnce, type Steps } from "../steps.js";
import { guessLanguage, languageOfMarker } from "./guess-language.js";
import { COMMENT_PREFIX, exceptionKey, readAccount, readDetails, type ReadDetails } from "./pprof-comment.js";
import { FUNCTION, LINE, LOCATION, MAPPING, VALUE_TYPE } from "./pprof-fields.js";
import { PprofIndex, type Range } from "./pprof-index.js";
import { PprofSamples } from "./pprof-samples.js";
import { IdMap } from "./id-map.js";
import { ProtoReader } from "./proto-reader.js";
import { chooseColumns, type ValueType } from "./sample-types.js";
import { decodeUtf8 } from "./utf8.js";

/** Offsets are 32-bit integers. A recording of 20 million samples is about this large. */
const MAX_PPROF_BYTES = 2 ** 31 - 1;

const DAMAGED = "The file is damaged or ends in the middle; what came before that was read.";

/** Reads an uncompressed pprof profile of any tool; pprof.ts says how. Never throws: `warnings` says what could not be read. */
export function decodePprof(bytes: Uint8Array): { recording: Recording; warnings: string[] } {
  return atOnce(decodePprofInSteps(bytes));
}

/** The same with pauses: a million samples take seconds. */
export function* decodePprofInSteps(bytes: Uint8Array): Steps<{ recording: Recording; warnings: string[] }> {
  const decoder = new PprofDecoder(bytes);
  yield* decoder.decode();
  return { recording: decoder.recording, warnings: decoder.recording.warnings };
}

/** From the index bottom up: mappings, functions, locations, samples. */
class PprofDecoder {
  readonly recording = Recording.empty();
  readonly #bytes: Uint8Array;
  readonly #index: PprofIndex;
  readonly #mappings = new IdMap();
  readonly #mappingNames: string[] = [];
  readonly #functions = new IdMap();
  /** Of each function of the file: indices into the recording's strings, and the line of its definition. */
  readonly #functionName = int32Column();
  readonly #functionFile = int32Column();
  readonly #functionLine = int32Column();
  readonly #locations = new IdMap();
  /** Written by Flameline. */
  #ours = false;
  #details: ReadDetails = { languages: new Map(), samples: 0 };
  /** Recording's function for each (function of the file, mapping). */
  readonly #known = new PairTable();
  readonly #knownFunction = int32Column();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#index = new PprofIndex(bytes);
  }

  *decode(): Steps<void> {
    const { notes } = this.recording;
    if (this.#bytes.length > MAX_PPROF_BYTES) {
      notes.say("The profile is larger than 2 GiB and was not read. Record for a shorter time, or export a part of it.");
      return;
    }
    if (this.#bytes[0] === 0x1f && this.#bytes[1] === 0x8b) {
      notes.say("The profile is still compressed and was not read. Decompress it first, for example with gzip -d.");
      return;
    }
    yield* this.#index.read();
    if (this.#index.broken) notes.say(DAMAGED);
    this.#readAccount();
    yield* this.#readMappings();
    yield* this.#readFunctions();
    yield* this.#readLocations();
    yield* this.#readSamples();
    if (this.recording.samples.length < this.#details.samples) notes.say(DAMAGED);
  }

  #readAccount(): void {
    const { durationNanos, start: began, comments, details } = this.#index;
    const startUnixNs = ((BigInt(began.high) << 32n) | BigInt(began.low)).toString();
    this.recording.setInfo({ startUnixNs, durationNs: durationNanos });
    const ours = comments.filter((index) => this.#text(index).startsWith(COMMENT_PREFIX));
    this.#ours = ours[0] !== undefined && readAccount(this.#text(ours[0]), this.recording);
    // A merged file has an account for each part.
    if (ours.length > 1)
      this.recording.notes.say(`The file was merged from ${ours.length} recordings; losses and cost are those of the first.`);
    if (details !== undefined) {
      const { start, end } = details;
      this.#details = readDetails(decodeUtf8(this.#bytes, start, end), this.recording);
    }
  }

  *#readMappings(): Steps<void> {
    const reader = new ProtoReader(this.#bytes);
    yield* this.#index.mappings.each((start, end) => {
      reader.reset(start, end);
      let id: number | bigint = 0;
      let name = "";
      while (reader.next()) {
        if (reader.field === MAPPING.id) id = reader.id();
        else if (reader.field === MAPPING.filename) name = this.#text(reader.int64());
      }
      this.#mappings.set(id, this.#mappingNames.length);
      this.#mappingNames.push(name);
    });
  }

  *#readFunctions(): Steps<void> {
    const reader = new ProtoReader(this.#bytes);
    const { stringTable } = this.recording;
    yield* this.#index.functions.each((start, end) => {
      reader.reset(start, end);
      let id: number | bigint = 0;
      let [name, systemName, file, line] = [0, 0, 0, 0];
      while (reader.next()) {
        if (reader.field === FUNCTION.id) id = reader.id();
        else if (reader.field === FUNCTION.name) name = reader.int64();
        else if (reader.field === FUNCTION.systemName) systemName = reader.int64();
        else if (reader.field === FUNCTION.filename) file = reader.int64();
        else if (reader.field === FUNCTION.startLine) line = reader.int64();
      }
      this.#functions.set(id, this.#functionName.length);
      this.#functionName.push(stringTable.intern(this.#text(name) || this.#text(systemName)));
      this.#functionFile.push(stringTable.intern(this.#text(file)));
      this.#functionLine.push(lineNumber(line));
    });
  }

  *#readLocations(): Steps<void> {
    const reader = new ProtoReader(this.#bytes);
    const lineReader = new ProtoReader(this.#bytes);
    const { frames, stringTable, functions } = this.recording;
    yield* this.#index.locations.each((start, end) => {
      reader.reset(start, end);
      let id: number | bigint = 0;
      let mapping = -1;
      let [addressHigh, addressLow] = [0, 0];
      const lines: { function: number; line: number; column: number }[] = [];
      while (reader.next()) {
        if (reader.field === LOCATION.id) id = reader.id();
        else if (reader.field === LOCATION.mappingId) mapping = this.#mappings.get(reader.id());
        else if (reader.field === LOCATION.address) [addressHigh, addressLow] = [reader.high, reader.low];
        else if (reader.field === LOCATION.line && reader.isBytes) {
          lineReader.reset(reader.start, reader.end);
          lines.push(this.#readLine(lineReader));
        }
      }
      if (reader.broken) this.recording.notes.count("bad-frame");
      if (lines.length === 0) lines.push({ function: -1, line: 0, column: 0 });
      const name = this.#mappingNames[mapping] ?? "";
      const positions = lines.map((line) => ({ ...line, function: this.#functionFor(line.function, mapping) }));
      const language = functions.language.at(positions[0]?.function ?? 0);
      const module = languageOfMarker(name) === undefined ? stringTable.intern(name) : 0;
      this.#locations.set(id, frames.add({ language, module, addressHigh, addressLow }, positions));
    });
  }

  #readLine(reader: ProtoReader): { function: number; line: number; column: number } {
    const found = { function: -1, line: 0, column: 0 };
    while (reader.next()) {
      if (reader.field === LINE.functionId) {
        found.function = this.#functions.get(reader.id());
        if (found.function < 0) this.recording.notes.count("bad-frame");
      } else if (reader.field === LINE.line) found.line = lineNumber(reader.int64());
      else if (reader.field === LINE.column) found.column = lineNumber(reader.int64());
    }
    return found;
  }

  /** The recording's function for one of the file's (-1 for none) in a mapping (-1 for none). */
  #functionFor(fn: number, mapping: number): number {
    const key = this.#known.intern(fn, mapping);
    if (key < this.#knownFunction.length) return this.#knownFunction.at(key);
    const { stringTable, functions } = this.recording;
    const name = fn < 0 ? 0 : this.#functionName.at(fn);
    const file = fn < 0 ? 0 : this.#functionFile.at(fn);
    const mapped = this.#mappingNames[mapping] ?? "";
    const module = languageOfMarker(mapped) === undefined ? mapped : "";
    const exception = this.#details.languages.get(exceptionKey(stringTable.at(name), stringTable.at(file), module));
    const language = module === mapped && exception !== undefined ? exception : languageIndex(guessLanguage(stringTable.at(file), mapped));
    const line = fn < 0 ? 0 : this.#functionLine.at(fn);
    const index = functions.intern(name, file, languageIndex(languageAt(language)), stringTable.intern(module), line);
    this.#knownFunction.push(index);
    return index;
  }

  *#readSamples(): Steps<void> {
    const types = this.#index.sampleTypes.map((range) => this.#valueType(range));
    const { period, periodType, defaultSampleType, start, samples } = this.#index;
    const chosen = chooseColumns(types, {
      defaultType: this.#text(defaultSampleType),
      periodNs: periodType === undefined ? 0 : periodNs(this.#valueType(periodType), period),
    });
    for (const sentence of chosen.warnings) this.recording.notes.say(sentence);
    if (this.recording.info.events.length === 0) this.recording.setInfo({ events: chosen.columns.map(({ event }) => event) });
    if (this.recording.info.hz === 0 && chosen.hz > 0) this.recording.setInfo({ hz: chosen.hz });
    if (samples === undefined) return;
    const mainMapping = this.#mappingNames.find((name) => name !== "" && languageOfMarker(name) === undefined) ?? "";
    const reader = new PprofSamples(this.recording, {
      bytes: this.#bytes,
      columns: chosen,
      locations: this.#locations,
      text: (index) => this.#text(index),
      start,
      executable: this.#ours ? "" : mainMapping,
      keepZeros: this.#ours,
    });
    yield* reader.read(samples.start, samples.end);
  }

  #valueType({ start, end }: Range): ValueType {
    const reader = new ProtoReader(this.#bytes, start, end);
    let [type, unit] = [0, 0];
    while (reader.next()) {
      if (reader.field === VALUE_TYPE.type) type = reader.int64();
      else if (reader.field === VALUE_TYPE.unit) unit = reader.int64();
    }
    return { type: this.#text(type), unit: this.#text(unit) };
  }

  #text(index: number): string {
    const text = this.#index.strings[index];
    // The strings mostly come last, so this is how a file shows that its end is missing.
    if (text === undefined && index !== 0) this.recording.notes.say(DAMAGED);
    return text ?? "";
  }
}

function lineNumber(line: number): number {
  return line > 0 && line < 2 ** 31 ? line : 0;
}

/** The sampling period in ns; 0 where it is no time. */
function periodNs({ unit }: ValueType, period: number): number {
  const scale: number | undefined = new Map([
    ["nanoseconds", 1],
    ["microseconds", 1e3],
    ["milliseconds", 1e6],
    ["seconds", 1e9],
  ]).get(unit);
  return (scale ?? 0) * period;
}
