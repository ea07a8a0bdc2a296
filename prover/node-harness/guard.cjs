"use strict";
/**
 * Keeps code under proof from what reaches outside: processes, the network, files outside of the scratch copy. A guard against accidents,
 * not a wall against hostile code, which the user has run before anyway. Loaded before all else with `--require`.
 */
const fs = require("node:fs");
const path = require("node:path");
const { syncBuiltinESMExports } = require("node:module");

const scratch = process.env.FLAMELINE_SCRATCH ?? "";
/** "free": our own code. "program": writes below the scratch copy are harmless. "call": a function under proof has no effects at all. */
const guard = { stage: process.env.FLAMELINE_STAGE ?? "free", refusal: undefined };
globalThis[Symbol.for("flameline.guard")] = guard;

function refuse(what) {
  guard.refusal ??= what;
  throw new Error(`flameline: ${what}`);
}

/** Replaces a function of a module by one that asks first; `said` answers what is wrong with the arguments. */
function watch(owner, name, said) {
  const original = owner?.[name];
  if (typeof original !== "function") return;
  const watched = function (...args) {
    const what = guard.stage === "free" ? undefined : said(args);
    if (what !== undefined) refuse(what);
    return new.target
      ? Reflect.construct(original, args, new.target === watched ? original : new.target)
      : Reflect.apply(original, this, args);
  };
  Object.setPrototypeOf(watched, original);
  watched.prototype = original.prototype;
  Object.defineProperty(watched, "name", { value: original.name });
  for (const key of Reflect.ownKeys(original)) {
    if (!(key in { length: 0, name: 0, prototype: 0, arguments: 0, caller: 0 }))
      Object.defineProperty(watched, key, Object.getOwnPropertyDescriptor(original, key));
  }
  owner[name] = watched;
}

function isHarmless(file) {
  if (typeof file === "number" || file === undefined || (typeof file === "object" && file !== null && "fd" in file)) return true;
  const named = path.resolve(file instanceof URL ? file.pathname : String(file));
  if (named === "/dev/null") return true;
  return guard.stage === "program" && realPath(named).startsWith(`${scratch}/`);
}

/** Of what doesn't exist yet the real path of the folder that does. */
function realPath(named) {
  const stage = guard.stage;
  guard.stage = "free";
  try {
    for (let at = named, rest = ""; ; rest = path.join(path.basename(at), rest), at = path.dirname(at)) {
      try {
        return path.join(fs.realpathSync.native(at), rest);
      } catch {
        if (at === path.dirname(at)) return named;
      }
    }
  } finally {
    guard.stage = stage;
  }
}

const first = ([file]) => (isHarmless(file) ? undefined : "changes files");
const second = ([, file]) => (isHarmless(file) ? undefined : "changes files");
const both = (args) => first(args) ?? second(args);
const writing = ([file]) => (isHarmless(file) ? undefined : "writes a file");
const opening = ([file, flags]) => {
  const reads = flags === undefined || typeof flags === "function" || flags === "r" || flags === "rs" || flags === fs.constants.O_RDONLY;
  return reads ? undefined : writing([file]);
};
const CHANGES = {
  writeFile: writing,
  appendFile: writing,
  createWriteStream: writing,
  open: opening,
  truncate: first,
  mkdir: first,
  mkdtemp: first,
  rm: first,
  rmdir: first,
  unlink: first,
  chmod: first,
  chown: first,
  lchown: first,
  utimes: first,
  lutimes: first,
  rename: both,
  link: second,
  symlink: second,
  copyFile: second,
  cp: second,
};
for (const [name, said] of Object.entries(CHANGES)) {
  watch(fs, name, said);
  watch(fs, `${name}Sync`, said);
  watch(fs.promises, name, said);
}
const always = (what) => () => what;
const children = require("node:child_process");
for (const name of ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"])
  watch(children, name, always("starts a process"));
watch(require("node:cluster"), "fork", always("starts a process"));
const net = require("node:net");
watch(net.Socket.prototype, "connect", always("opens a connection"));
watch(net.Server.prototype, "listen", always("opens a port"));
const dgram = require("node:dgram");
watch(dgram.Socket.prototype, "bind", always("opens a port"));
watch(dgram.Socket.prototype, "send", always("sends over the network"));
const dns = require("node:dns");
for (const name of ["lookup", "resolve", "resolve4", "resolve6"]) {
  watch(dns, name, always("sends over the network"));
  watch(dns.promises, name, always("sends over the network"));
}
watch(globalThis, "fetch", always("opens a connection"));
watch(process, "kill", always("ends a process"));

// Native code asks nobody: what an add-on offers is refused when it is used, so that a file that only loads it can be proved.
/** Add-ons that reach databases, the network or files, by the package whose folder they lie in. */
const DRIVERS =
  "libpq odbc oracledb ibm_db msnodesqlv8 zeromq grpc node-rdkafka confluent-kafka-javascript node-libcurl better-sqlite3 sqlite3 libsql duckdb couchbase aerospike nodegit lmdb leveldown classic-level rocksdb".split(
    " ",
  );
const REACHES_OUT = new RegExp(`/node_modules/(@[^/]+/)?(${DRIVERS.join("|")}|node-bindings-[^/]+)/|/(libquery|schema)_engine-[^/]+$`);
const dlopen = process.dlopen.bind(process);
process.dlopen = function (module, filename, ...flags) {
  const done = dlopen(module, filename, ...flags);
  if (REACHES_OUT.test(String(filename))) module.exports = asking(module.exports);
  return done;
};

/** The same exports, whose functions and classes can't be used by code under proof. */
function asking(exports) {
  const ask = () => {
    if (guard.stage !== "free") refuse("uses a native driver");
  };
  const guarded = (value) =>
    typeof value !== "function"
      ? value
      : new Proxy(value, {
          apply: (...given) => (ask(), Reflect.apply(...given)),
          construct: (...given) => (ask(), Reflect.construct(...given)),
        });
  if (typeof exports === "function") return guarded(exports);
  for (const name of Object.keys(exports ?? {})) {
    const { writable, configurable } = Object.getOwnPropertyDescriptor(exports, name) ?? {};
    if (writable || configurable)
      Object.defineProperty(exports, name, { value: guarded(exports[name]), enumerable: true, configurable: true });
  }
  return exports;
}
syncBuiltinESMExports();
