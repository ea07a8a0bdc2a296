"use strict";
/**
 * Notes the arguments of each call of the function under proof as it begins, each different one once, in files of the folder that
 * FLAMELINE_CASES names. The instrumented file loads it, also in the worlds of test runners; whatever ends the process, what was noted is there.
 */
const fs = require("node:fs");
const path = require("node:path");
const { types } = require("node:util");
const { Freezer, Unsupported } = require("./values.cjs");

const { appendFileSync } = fs;
const MOST_CASES = 100;
const MOST_CASE_CHARACTERS = 1 << 20;
const MOST_CHARACTERS = 20 << 20;
const NOTE = Symbol.for("flameline.note");

const folder = process.env.FLAMELINE_CASES;
const ends = process.env.FLAMELINE_STAGE === "program";
const file = path.join(folder ?? "", `${process.pid}-${Math.random().toString(36).slice(2)}`);
const seen = new Set();
let characters = 0;
let busy = false;

globalThis[NOTE] ??= (receiver, args) => {
  if (busy || folder === undefined || seen.size >= MOST_CASES || characters >= MOST_CHARACTERS) return;
  busy = true;
  const guard = globalThis[Symbol.for("flameline.guard")];
  const stage = guard?.stage;
  if (guard) guard.stage = "free";
  try {
    // The instrumented file names its classes there.
    note(receiver, Array.from(args), globalThis[Symbol.for("flameline.classes")] ?? {});
  } finally {
    if (guard) guard.stage = stage;
    busy = false;
  }
};

function note(receiver, args, classes) {
  let text;
  try {
    const freezer = new Freezer({ classes });
    const root = freezer.of([isNobody(receiver) ? undefined : receiver, args]);
    text = JSON.stringify({ objects: freezer.objects, root });
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    if (!seen.has(error.message)) appendFileSync(`${file}.skipped`, `${error.message}\n`);
    seen.add(error.message);
    return;
  }
  if (text.length > MOST_CASE_CHARACTERS || seen.has(text)) return;
  seen.add(text);
  characters += text.length;
  appendFileSync(`${file}.cases`, `${text}\n`);
  // Enough is known: the program need not go on.
  if (ends && (seen.size >= MOST_CASES || characters >= MOST_CHARACTERS)) process.reallyExit(0);
}

/** A function that is called by itself has one of these, depending on the kind of its file. */
function isNobody(receiver) {
  return receiver === undefined || receiver === globalThis || typeof receiver === "function" || isModule(receiver);
}

/** `exports.f()`: what a module gives away. */
function isModule(receiver) {
  if (typeof receiver !== "object" || receiver === null || types.isModuleNamespaceObject(receiver)) return receiver !== null;
  const given = Object.values(Object.getOwnPropertyDescriptors(receiver));
  return Object.getPrototypeOf(receiver) === Object.prototype && given.some((each) => typeof each.value === "function" || "get" in each);
}
