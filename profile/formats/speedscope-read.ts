/**
 * speedscope's own format (https://www.speedscope.app/file-format-schema.json), which py-spy, rbspy, austin and many others write.
 *
 * | of the file | here |
 * |---|---|
 * | a profile | a thread; py-spy's and our names of them give pid, tid and name |
 * | unit | times are CPU time, bytes are memory; `none` counts samples, 10 ms of CPU time each, and is left out beside profiles with times |
 * | `sampled` | a sample for each weight, one behind the other in time; an empty stack is time in which nothing ran |
 * | `evented` | a sample for each time between two events in which a frame is open |
 * | a frame | function, file, line and column; the line is that of the sample |
 */
import type { EventName } from "../../protocol/events.js";
import { float64Column, int32Column } from "../growable.js";
import { EVENTS, eventIndex, languageIndex } from "../names.js";
import type { Recording } from "../recording.js";
import { eachRow, type Steps } from "../steps.js";
import { indexBelow, lineOf, membersOf, numberOf, rowsOf, textOf } from "../wire-values.js";
import { guessLanguage } from "./guess-language.js";
import { IdMap } from "./id-map.js";
import type { Shape } from "./json-stream.js";
import { ASSUMED_PERIOD_NS, BYTE_UNITS, TIME_UNITS } from "./sample-types.js";
import { StackChain } from "./stack-chain.js";
import { StackMemo } from "./stack-memo.js";
import { addProcess, addThread, hasRoom, MOST_FRAMES } from "./stream-reader.js";

/** The one frame of a sample without a stack, in files that we write. */
export const NO_STACK_NAME = "[no stack]";

/** Times beyond this many ns (285 years) are no times. */
const LATEST_NS = 2 ** 63;
/** Frames under the innermost one that are searched for one that is closed out of turn. */
const DEEPEST_SEARCH = 100;

/** One profile of the file, as columns, until its frames and its unit are known: both may come later in the file. */
class RawProfile {
  name = "";
  type = "";
  unit = "none";
  start = 0;
  end = Number.NaN;
  /** Written by us: whose it is, and what. */
  own: unknown;
  /** Of `sampled`: a stack each (index in the recording, or -1), and its weight. */
  readonly stack = int32Column();
  readonly weight = float64Column();
  /** Of `evented`: frames that open (index in the file's frames) or close (-1 - index), and when. */
  readonly frame = int32Column();
  readonly at = float64Column();
}

export class SpeedscopeReader {
  readonly members: readonly (readonly [string, Shape])[];
  readonly #recording: Recording;
  readonly #profiles: RawProfile[] = [];
  #profile = new RawProfile();
  #rows = 0;
  #ours = false;
  #noStack = -1;
  #name = "";
  #begun = false;
  /** Of each frame of the file: name, file, and where. */
  readonly #frameName = int32Column();
  readonly #frameFile = int32Column();
  readonly #frameLine = int32Column();
  readonly #frameColumn = int32Column();
  /** From frames of the file to those of the recording, which are numbered as they are met. */
  readonly #known = new IdMap();
  readonly #met = int32Column();
  readonly #memo = new StackMemo();
  readonly #chain: StackChain;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#chain = new StackChain(recording, (index) => this.#frame(index));
    const make = (list: Int32Array, count: number): number => this.#chain.stackOf(list, count);
    const value = (take: (value: unknown) => void): Shape => ({ kind: "value", take });
    const items = (take: (item: unknown) => void): Shape => ({ kind: "items", take: (all) => all.forEach(take) });
    const profile: Shape = {
      kind: "object",
      begin: () => this.#profiles.push((this.#profile = new RawProfile())),
      members: new Map([
        ["name", value((name) => (this.#profile.name = textOf(name)))],
        ["type", value((type) => (this.#profile.type = textOf(type)))],
        ["unit", value((unit) => (this.#profile.unit = textOf(unit)))],
        ["startValue", value((start) => (this.#profile.start = numberOf(start)))],
        ["endValue", value((end) => (this.#profile.end = numberOf(end, Number.NaN)))],
        ["flameline", value((own) => (this.#profile.own = own))],
        [
          "samples",
          {
            kind: "items",
            take: (all) => all.forEach((sample) => this.#addSample(sample)),
            plain: {
              kind: "lists",
              take: (list, count) => {
                if (!this.#room()) return;
                this.#rows++;
                this.#profile.stack.push(this.#memo.stackOf(list, count, make));
              },
            },
          },
        ],
        [
          "weights",
          {
            kind: "items",
            take: (all) => all.forEach((weight) => this.#addWeight(numberOf(weight, Number.NaN))),
            plain: {
              kind: "numbers",
              take: (numbers, count) => {
                for (let i = 0; i < count; i++) this.#addWeight(numberOf(numbers[i], Number.NaN));
              },
            },
          },
        ],
        ["events", items((event) => this.#addEvent(event))],
      ]),
    };
    this.members = [
      ["shared", { kind: "object", members: new Map([["frames", items((frame) => this.#addFrame(frame))]]) }],
      ["profiles", { kind: "each", item: profile }],
      ["name", value((name) => (this.#name = textOf(name)))],
      ["exporter", value((exporter) => (this.#ours = textOf(exporter).startsWith("flameline")))],
      ["$schema", value((schema) => (this.#begun ||= textOf(schema).includes("speedscope")))],
    ];
  }

  get hasProfiles(): boolean {
    return this.#profiles.length > 0 || this.#begun;
  }

  *finish(): Steps<void> {
    const { notes } = this.#recording;
    const timed = this.#profiles.filter(({ unit }) => TIME_UNITS.has(unit));
    const counted = this.#profiles.filter(({ unit }) => unit === "none");
    const isShown = ({ unit }: { readonly unit: string }) =>
      TIME_UNITS.has(unit) || BYTE_UNITS.has(unit) || (unit === "none" && timed.length === 0);
    const shown = this.#profiles.filter(isShown);
    // Asked anew: a search in a list for each of 100,000 threads takes seconds.
    const strange = new Set(this.#profiles.filter((each) => !isShown(each) && each.unit !== "none").map(({ unit }) => unit));
    if (strange.size > 0)
      notes.say(
        `The file also holds values in ${[...strange]
          .slice(0, 5)
          .map((unit) => unit.slice(0, 40))
          .join(", ")}, which are not shown.`,
      );
    if (counted.length > 0) {
      notes.say(
        timed.length > 0
          ? "The file also holds counts of samples, which are not shown beside its times."
          : "The file only counts samples; each is shown as 10 ms of CPU time.",
      );
    }
    // Other tools begin at any clock's time.
    const starts = timed.map(({ start, unit }) => start * (TIME_UNITS.get(unit) ?? 1));
    const startNs = this.#ours ? 0 : starts.reduce((first, each) => Math.min(first, each), Number.POSITIVE_INFINITY);
    if (this.#ours) this.#noStack = this.#stackWithout();
    for (const profile of shown) yield* this.#finishProfile(profile, Number.isFinite(startNs) ? startNs : 0);
    yield* this.#addFrames();
    const events = this.#recording.eventsWithSamples();
    const hz = counted.length > 0 && timed.length === 0 ? 1e9 / ASSUMED_PERIOD_NS : 0;
    this.#recording.setInfo({ name: this.#name, events: events.length > 0 ? events : ["cpu"], hz });
  }

  /** The stack of samples without one; -1 where there are none. */
  #stackWithout(): number {
    const { stacks, stringTable } = this.#recording;
    const name = stringTable.find(NO_STACK_NAME);
    const frame = this.#met.view().findIndex((index) => this.#frameName.at(index) === name && this.#frameFile.at(index) === 0);
    return name < 0 || frame < 0 ? -1 : stacks.intern(-1, frame);
  }

  #room(): boolean {
    return hasRoom(this.#recording, this.#rows);
  }

  #addFrame(frame: unknown): void {
    if (this.#frameName.length >= MOST_FRAMES) return void hasRoom(this.#recording, Number.POSITIVE_INFINITY);
    const { stringTable, notes } = this.#recording;
    const { name, file, line, col } = membersOf(frame as { name: string; file: string; line: number; col: number });
    if (typeof name !== "string") notes.count("bad-frame");
    this.#frameName.push(stringTable.intern(textOf(name)));
    this.#frameFile.push(stringTable.intern(textOf(file)));
    this.#frameLine.push(lineOf(line));
    this.#frameColumn.push(lineOf(col));
  }

  /** The recording's frame for one of the file's, which may follow later. */
  #frame(index: number): number {
    const known = this.#known.get(index);
    if (known >= 0) return known;
    const frame = this.#met.push(index);
    this.#known.set(index, frame);
    return frame;
  }

  #addWeight(weight: number): void {
    if (this.#room()) this.#profile.weight.push(weight);
  }

  #addSample(sample: unknown): void {
    if (!this.#room()) return;
    this.#rows++;
    let stack = -1;
    for (const item of rowsOf(sample)) {
      const index = indexBelow(item, 2 ** 31);
      if (index < 0) this.#recording.notes.count("bad-frame");
      else stack = this.#recording.stacks.intern(stack, this.#frame(index));
    }
    if (!Array.isArray(sample)) this.#recording.notes.count("bad-stack");
    this.#profile.stack.push(stack);
  }

  #addEvent(event: unknown): void {
    if (!this.#room()) return;
    const { type, frame, at } = membersOf(event as { type: string; frame: number; at: number });
    const index = indexBelow(frame, 2 ** 31 - 1);
    if (index < 0 || (type !== "O" && type !== "C") || typeof at !== "number") return this.#recording.notes.count("bad-sample");
    this.#rows++;
    this.#profile.frame.push(type === "O" ? index : -1 - index);
    this.#profile.at.push(at);
  }

  *#finishProfile(profile: RawProfile, startNs: number): Steps<void> {
    const { unit } = profile;
    const scale = TIME_UNITS.get(unit) ?? BYTE_UNITS.get(unit) ?? ASSUMED_PERIOD_NS;
    const { thread, event } = this.#owner(profile, BYTE_UNITS.has(unit) ? "memory" : "cpu");
    const isTime = TIME_UNITS.has(unit);
    const { samples, notes } = this.#recording;
    let latest = 0;
    const add = (stack: number, from: number, value: number): void => {
      const timeNs = isTime ? Math.round(from * scale - startNs) : 0;
      const amount = value * scale;
      if (!(amount >= 0 && amount < LATEST_NS) || !(timeNs >= 0 && timeNs < LATEST_NS)) return notes.count("bad-sample");
      if (!this.#room()) return;
      const count = unit === "none" && value < 2 ** 31 ? Math.max(1, Math.round(value)) : 1;
      samples.push(stack === this.#noStack ? -1 : stack, thread, timeNs, eventIndex(event), Math.round(amount), count);
      if (isTime) latest = Math.max(latest, timeNs + amount);
    };
    if (profile.type === "evented" || (profile.frame.length > 0 && profile.stack.length === 0)) yield* this.#replay(profile, add);
    else {
      let at = profile.start;
      if (profile.weight.length < profile.stack.length) notes.count("bad-sample", profile.stack.length - profile.weight.length);
      yield* eachRow(Math.min(profile.stack.length, profile.weight.length), (row) => {
        const weight = profile.weight.at(row);
        // An empty stack is time in which nothing ran.
        if (profile.stack.at(row) >= 0 || !(weight >= 0)) add(profile.stack.at(row), at, weight);
        if (weight >= 0) at += weight;
      });
    }
    const { durationNs } = this.#recording.info;
    const end = isTime && profile.end * scale - startNs < LATEST_NS ? profile.end * scale - startNs : 0;
    this.#recording.setInfo({ durationNs: Math.round(Math.max(durationNs, latest, end > 0 ? end : 0)) });
  }

  /** Events as samples: what was open between two of them. */
  *#replay({ frame, at, end }: RawProfile, add: (stack: number, from: number, value: number) => void): Steps<void> {
    const { stacks, notes } = this.#recording;
    const open: number[] = [];
    let last = Number.NaN;
    const upTo = (time: number): void => {
      const top = open[open.length - 1];
      if (time < last) notes.count("bad-sample");
      else if (top !== undefined && time > last) add(top, last, time - last);
      if (!(time < last)) last = time;
    };
    yield* eachRow(frame.length, (row) => {
      upTo(at.at(row));
      const index = frame.at(row);
      if (index >= 0) {
        if (this.#room()) open.push(stacks.intern(open[open.length - 1] ?? -1, this.#frame(index)));
        return;
      }
      const wanted = this.#frame(-1 - index);
      const lowest = Math.max(0, open.length - DEEPEST_SEARCH);
      let place = open.length - 1;
      while (place >= lowest && stacks.frame.at(open[place] ?? 0) !== wanted) place--;
      if (place !== open.length - 1 || open.length === 0) notes.count("bad-event");
      if (place >= lowest) open.length = place;
    });
    if (open.length > 0 && end >= last) upTo(end);
  }

  /** The thread of a profile, and its event where we have written it. */
  #owner({ name, own }: RawProfile, otherwise: EventName): { thread: number; event: EventName } {
    const { event, pid, process, tid, thread } = membersOf(this.#ours ? (own as Record<string, unknown>) : {}) as Record<string, unknown>;
    if (EVENTS.some((known) => known === event)) {
      const owner = { pid: id(pid), process: textOf(process), tid: id(tid), thread: textOf(thread) };
      return { thread: this.#thread(owner), event: event as EventName };
    }
    // What py-spy writes: `Process 12 Thread 34 "MainThread"`; names of threads may hold anything.
    const [, spiedPid, spiedTid, spiedName] = /^(?:Process (\d+) )?Thread (\d+|0x[\da-f]+)(?: "(.*)")?$/is.exec(name.slice(0, 1000)) ?? [];
    const tidOf = indexBelow(Number(spiedTid), 2 ** 31);
    const owner = {
      pid: id(Number(spiedPid)),
      process: "",
      tid: Math.max(0, tidOf),
      thread: spiedTid === undefined ? name : (spiedName ?? ""),
    };
    return { thread: this.#thread(owner), event: otherwise };
  }

  readonly #threads = new Map<string, number>();

  #thread(owner: { pid: number; process: string; tid: number; thread: string }): number {
    const key = JSON.stringify([owner.pid, owner.process]);
    const whole = JSON.stringify(owner);
    const known = this.#threads.get(whole);
    if (known !== undefined) return known;
    const process = this.#threads.get(key) ?? addProcess(this.#recording, owner.pid, owner.process);
    this.#threads.set(key, process);
    const thread = addThread(this.#recording, process, owner.tid, owner.thread);
    this.#threads.set(whole, thread);
    return thread;
  }

  /** Only now: frames may stand behind the profiles, and stacks have named theirs by number. */
  *#addFrames(): Steps<void> {
    const { frames, functions, stringTable, notes } = this.#recording;
    yield* eachRow(this.#met.length, (row) => {
      const index = this.#met.at(row);
      const there = index < this.#frameName.length;
      if (!there) notes.count("bad-frame");
      const name = there ? this.#frameName.at(index) : 0;
      const file = there ? this.#frameFile.at(index) : 0;
      const language = languageIndex(guessLanguage(stringTable.at(file), ""));
      const fn = functions.intern(name, file, language, 0);
      const position = { function: fn, line: this.#frameLine.at(index), column: this.#frameColumn.at(index) };
      frames.add({ language, module: 0, addressHigh: 0, addressLow: 0 }, [position]);
    });
  }
}

function id(value: unknown): number {
  return Math.max(0, indexBelow(value, 2 ** 31));
}
