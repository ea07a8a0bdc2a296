/**
 * Runs a function of the user's code for a proof; started by prover/node-trial.ts, once for each step, with guard.cjs before it.
 *
 * usage: node --require guard.cjs harness.mjs STEP < request.json; the answer is JSON in the file that the request names.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import vm from "node:vm";
import { generate } from "./generate.mjs";
import values from "./values.cjs";

const { Freezer, Unsupported, revive } = values;
const request = JSON.parse(readFileSync(0, "utf8"));
const guard = globalThis[Symbol.for("flameline.guard")];
const SUBJECT = Symbol.for("flameline.subject");
/** Longest times of a call, ms: one of the run, and one that was made up. */
const LIMIT = { captured: 2000, generated: 300 };

/** What makes a proof impossible. */
class Refused extends Error {}

const steps = { describe, generate: generateCases, replay, time };
try {
  answer(await steps[process.argv[2]]());
} catch (error) {
  guard.stage = "free";
  if (error instanceof Refused) answer({ refused: error.message });
  else answer({ failed: inspect(error).slice(0, 300) });
}
process.reallyExit(0);

function answer(value) {
  guard.stage = "free";
  writeFileSync(`${request.answer}.part`, JSON.stringify(value));
  renameSync(`${request.answer}.part`, request.answer);
}

function readCases() {
  return JSON.parse(readFileSync(request.cases, "utf8"));
}

/** Loads the file, whose last line hands over the function; what it prints meanwhile goes nowhere. */
async function load() {
  process.argv = [process.argv[0], request.file, ...(request.arguments ?? [])];
  const silent = listen();
  guard.stage = "program";
  try {
    await import(pathToFileURL(request.file).href);
  } catch (error) {
    if (guard.refusal !== undefined) throw new Refused(`it ${guard.refusal} when its file is loaded`);
    throw error;
  } finally {
    guard.stage = "free";
    silent.end();
  }
  const given = globalThis[SUBJECT];
  if (typeof given?.function() !== "function") throw new Refused("it is not reached when its file is loaded");
  return { call: given.function(), self: given.self(), classes: globalThis[Symbol.for("flameline.classes")] ?? {} };
}

/** Takes what is written to the standard streams. */
function listen() {
  const text = [];
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, own: Object.getOwnPropertyDescriptor(stream, "write") }));
  for (const { stream } of streams) {
    stream.write = (chunk, encoding, done) => {
      text.push(String(chunk));
      for (const each of [encoding, done]) if (typeof each === "function") each();
      return true;
    };
  }
  const end = () => {
    for (const { stream, own } of streams) {
      if (own === undefined) delete stream.write;
      else Object.defineProperty(stream, "write", own);
    }
    return text.join("");
  };
  return { end };
}

/** All calls, captured and made up; `wanted` are the indices to make, by default all until the time is up; `backwards` from the last one; `untilLate` only to the first that takes too long. */
async function replay() {
  const { captured, generated } = readCases();
  const subject = await load();
  const cases = [...captured, ...generated];
  const order = request.wanted ?? cases.map((_, index) => index);
  if (request.backwards) order.reverse();
  const ends = performance.now() + request.seconds * 1000;
  // What has ended once is given longer the next time: a busy machine makes no difference.
  const patience = request.wanted === undefined ? 1 : 4;
  const outcomes = {};
  for (const index of order) {
    if (performance.now() > ends) break;
    const isCaptured = index < captured.length;
    guard.refusal = undefined;
    try {
      outcomes[index] = await outcome(subject, cases[index], patience * (isCaptured ? LIMIT.captured : LIMIT.generated));
    } catch (error) {
      // A captured call is what the program does; arguments that were made up may lead anywhere.
      if (isCaptured || !(error instanceof Refused)) throw error;
      outcomes[index] = null;
    }
    if (outcomes[index] === null && request.untilLate) break;
  }
  return { outcomes, captured: captured.length };
}

/** What a call returns or throws, what becomes of its arguments, and what it prints; null where it takes too long. */
async function outcome({ call, self, classes }, text, limit) {
  const data = JSON.parse(text);
  const given = revive(data, classes);
  const before = canonical(new Freezer({ lenient: true, classes }), given);
  const listening = listen();
  guard.stage = "call";
  let ended;
  try {
    ended = await settle(() => Reflect.apply(call, given[0] === undefined ? self : given[0], given[1]), limit);
  } finally {
    guard.stage = "free";
  }
  const printed = listening.end();
  if (guard.refusal !== undefined) throw new Refused(`it ${guard.refusal}`);
  if (ended === undefined) return null;
  try {
    const freezer = new Freezer({ lenient: true, classes });
    const after = freezer.of(given);
    const mutated = JSON.stringify([freezer.objects, after]) !== before;
    freezer.metAgain = false;
    const result = freezer.of(ended.value);
    const key = createHash("sha256")
      .update(JSON.stringify([ended.how, result, after, freezer.objects, printed]))
      .digest("hex");
    return { key, text: shown(ended), copies: mutated || freezer.metAgain };
  } catch (error) {
    if (error instanceof Unsupported) throw new Refused(`${error.message} can't be compared`);
    throw error;
  }
}

function canonical(freezer, value) {
  const root = freezer.of(value);
  return JSON.stringify([freezer.objects, root]);
}

/** Ends code that goes on and on as well as promises that are never kept; undefined where it took too long. */
async function settle(make, limit) {
  const PENDING = Symbol.for("flameline.call");
  globalThis[PENDING] = make;
  try {
    const value = new vm.Script("globalThis[Symbol.for('flameline.call')]()").runInThisContext({ timeout: limit });
    if (typeof value?.then !== "function") return { how: "returned", value };
    const late = Symbol("late");
    let timer;
    const limited = new Promise((resolve) => (timer = setTimeout(resolve, limit, late)));
    const kept = await Promise.race([value, limited]).finally(() => clearTimeout(timer));
    return kept === late ? undefined : { how: "resolved to", value: kept };
  } catch (error) {
    return error?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? undefined : { how: "threw", value: error };
  }
}

function shown({ how, value }) {
  return `${how} ${value instanceof Error ? `${value.name}: ${value.message}` : brief(value)}`.slice(0, 130);
}

function brief(value) {
  try {
    return inspect(value, { depth: 3, breakLength: Infinity });
  } catch {
    return typeof value;
  }
}

async function describe() {
  const { captured, generated } = readCases();
  const { classes } = await load();
  const [receiver, args] = revive(JSON.parse([...captured, ...generated][request.index]), classes);
  const on = receiver === undefined ? "" : `${brief(receiver)}.`;
  return { text: `${on}${request.subject}(${args.map(brief).join(", ").slice(0, 200)})` };
}

async function generateCases() {
  const kept = readCases();
  kept.generated = await generate(
    kept.captured,
    request,
    async (name) => import(pathToFileURL(createRequire(request.file).resolve(name)).href),
  );
  writeFileSync(request.cases, JSON.stringify(kept));
  return { generated: kept.generated.length };
}

/** CPU time, ns, of so many rounds of the captured calls, after as many that let the engine compile; without `rounds` how many last long enough. */
async function time() {
  const { captured } = readCases();
  const { call, self, classes } = await load();
  const cases = request.wanted.map((index) => JSON.parse(captured[index]));
  const fresh = () => cases.map((each) => revive(each, classes));
  const shared = fresh();
  listen();
  // Promises that are only refused later must not end the measuring.
  process.on("unhandledRejection", () => undefined);
  // What nobody reads, a compiler may leave out.
  const sink = { last: undefined };
  const once = async (batch) => {
    for (const [receiver, args] of batch) {
      try {
        const value = Reflect.apply(call, receiver === undefined ? self : receiver, args);
        sink.last = typeof value?.then === "function" ? await value : value;
      } catch (error) {
        sink.last = error;
      }
    }
  };
  const rounds = async (count) => {
    let spent = 0;
    for (let left = count; left > 0; ) {
      const some = request.copies ? Math.min(left, 16) : left;
      const batches = request.copies ? Array.from({ length: some }, fresh) : undefined;
      const begin = process.cpuUsage();
      for (let round = 0; round < some; round++) await once(batches?.[round] ?? shared);
      const { user, system } = process.cpuUsage(begin);
      spent += (user + system) * 1000;
      left -= some;
    }
    return spent;
  };
  guard.stage = "call";
  let result;
  if (request.rounds === undefined) {
    let count = 1;
    let spent = await rounds(count);
    while (spent < request.atLeastNs && count < 1 << 24) {
      count = Math.max(count * 2, Math.min(count * 8, Math.floor((count * request.atLeastNs) / Math.max(spent, 1)) + 1));
      spent = await rounds(count);
    }
    result = { rounds: count };
  } else {
    await rounds(request.rounds);
    result = { ns: await rounds(request.rounds) };
  }
  guard.stage = "free";
  if (guard.refusal !== undefined) throw new Refused(`it ${guard.refusal}`);
  return result;
}
