// What fixes gain where people wait: requests to a small service on a real PostgreSQL, before and after the fixes that the command has found by their heat, proved and
// written. The service is examples/orders with two pages more (test/bench/services); the proofs run on SQLite, since no proof touches another database.
// Only by its name: node scripts/bench.mjs --long services
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { root } from "../../scripts/paths.mjs";
import { flameline, freshHelper, WHY_NOT } from "../support/flameline.mjs";
import { pythonWith } from "../support/python-libraries.mjs";

const LIBRARIES = ["sqlalchemy==2.1.9", "psycopg[binary]>=3.2,<4", "orjson>=3.10,<4", "pytest==9.2.0"];
const ROWS = [10, 100, 1000];
const ORDERS = 3000;
const PAIRS = 60;
const REQUESTS_BEFORE = 10;
const RESAMPLES = 2000;
/** The bench ends with a message where a request takes longer. */
const REQUEST_MS = 60_000;

/** What the product promises of each: part of the latency that goes, in percent. */
const PAGES = {
  "n-plus-one": { page: "orders", file: "shop.py", promise: 93 },
  json: { page: "events", file: "feed.py", promise: 73 },
  regex: { page: "parcels", file: "parcels.py", promise: 86 },
};

export const bench = {
  title: "Services: latency of requests on PostgreSQL before and after the proved fixes (medians, 95 % bootstrap intervals)",
  whyNot: () => WHY_NOT ?? whyNoPostgres(),
  cases: Object.fromEntries(Object.entries(PAGES).map(([name, each]) => [name, ({ scale }) => measurePage(each, scale)])),
};

const programs = () => {
  const folder = "/usr/lib/postgresql";
  const versions = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "bin/initdb"))) : [];
  return versions.length === 0 ? undefined : path.join(folder, versions.sort((a, b) => Number(b) - Number(a))[0] ?? "", "bin");
};

/** Debian's PostgreSQL is installed where it is missing. */
function whyNoPostgres() {
  if (programs() === undefined) {
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "postgresql"], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  }
  return programs() === undefined ? "it needs PostgreSQL: run `apt-get install postgresql` as root" : undefined;
}

/** @type {ReturnType<typeof prepare> | undefined} */
let prepared;

/** A database, and the service as it was and as it is with the fixes; all of it ends with the bench. */
async function prepare() {
  const { python, whyNot } = pythonWith(LIBRARIES, "/usr/bin/python3");
  if (python === undefined) {
    throw new Error(whyNot);
  }
  const home = mkdtempSync(path.join(tmpdir(), "flameline-services-"));
  chmodSync(home, 0o755);
  const ends = [() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })];
  process.once("exit", () => ends.toReversed().forEach((end) => end()));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => process.exit(1));
  }
  const [before, after] = ["before", "after"].map((name) => path.join(home, name));
  for (const folder of [before, after]) {
    for (const source of ["examples/orders", "test/bench/services"]) {
      cpSync(path.join(root, source), folder, { recursive: true, filter: (file) => !/\.venv|__pycache__|\.sqlite/.test(file) });
    }
    writeFileSync(path.join(folder, "requirements.txt"), `${LIBRARIES.join("\n")}\n`);
  }
  const verdicts = await fixAll(python, after);
  const address = startDatabase(path.join(home, "database"), ends);
  run(python, ["fill.py", String(ORDERS)], before, { ORDERS_DATABASE: address });
  const ports = [];
  for (const folder of [before, after]) {
    ports.push(await serve(python, folder, address, ends));
  }
  return { ports, verdicts };
}

/** Records the pages on SQLite, and lets the command find, prove and write the fixes. @returns {Promise<Map<string, string>>} verdicts by file */
async function fixAll(python, folder) {
  run(python, ["fill.py", "400"], folder);
  // The recorded program runs as another user.
  spawnSync("chmod", ["-R", "a+rwX", folder]);
  const helper = await freshHelper();
  let recorded;
  try {
    recorded = await flameline(["record", "-o", "run.pb.gz", "--hz", "499", "--", python, "load.py", "12"], { cwd: folder });
  } finally {
    helper.stop();
  }
  if (recorded.status !== 0 || !/^[1-9][\d,]* samples/m.test(recorded.stderr)) {
    throw new Error(`nothing was recorded: ${recorded.stderr}`);
  }
  const wish = ["fix", "run.pb.gz", "--prove", "--apply", "--budget", "300", "--json"];
  const { stdout, stderr } = await flameline(wish, { cwd: folder, env: {} });
  if (stdout === "") {
    throw new Error(stderr);
  }
  const verdicts = new Map();
  for (const { file, rule, proof, applied, refusal } of JSON.parse(stdout).findings) {
    const { median = 0, low = 0, high = 0 } = proof?.speedup ?? {};
    const faster = median > 0 ? `, ${median.toFixed(2)} times as fast (${low.toFixed(2)} to ${high.toFixed(2)})` : "";
    const why = proof?.reason ?? refusal ?? "";
    const told = `${rule}: ${proof?.verdict ?? "unproved"}${faster}${applied ? ", written" : ""}${applied ? "" : ` ${why}`}`;
    const name = path.basename(file);
    verdicts.set(name, [...(verdicts.get(name) ?? []), told]);
  }
  for (const [name, told] of verdicts) {
    console.log(`  ${name}: ${told.join("; ")}`);
  }
  return verdicts;
}

/** A server of PostgreSQL of its own, with its defaults, reached by a socket in its folder only. @returns {string} its address for SQLAlchemy */
function startDatabase(folder, ends) {
  const bin = programs() ?? "";
  const [, , uid, gid] = spawnSync("getent", ["passwd", "postgres"], { encoding: "utf8" }).stdout.split(":");
  const owner = { uid: Number(uid), gid: Number(gid) };
  mkdirSync(folder);
  chownSync(folder, owner.uid, owner.gid);
  const data = path.join(folder, "data");
  const as = { ...owner, cwd: folder, encoding: "utf8", env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" } };
  const must = (program, ...args) => {
    const { status, stdout, stderr, error } = spawnSync(path.join(bin, program), args, { ...as, stdio: ["ignore", "pipe", "pipe"] });
    if (status !== 0) {
      throw new Error(`${program}: ${error?.message ?? stdout + stderr}`);
    }
  };
  must("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8");
  const log = path.join(folder, "log");
  must("pg_ctl", "-D", data, "-w", "-l", log, "-o", `-c listen_addresses='' -c unix_socket_directories='${folder}'`, "start");
  ends.push(() => void spawnSync(path.join(bin, "pg_ctl"), ["-D", data, "-m", "immediate", "stop"], { ...as, stdio: "ignore" }));
  return `postgresql+psycopg://postgres@/postgres?host=${folder}`;
}

function run(python, args, folder, env = {}) {
  const { status, stderr, error } = spawnSync(python, args, { cwd: folder, env: { ...process.env, ...env }, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`${args.join(" ")}: ${error?.message ?? stderr.slice(-2000)}`);
  }
}

/** @returns {Promise<number>} the port */
function serve(python, folder, address, ends) {
  const env = { ...process.env, ORDERS_DATABASE: address };
  const child = spawn(python, ["pages.py"], { cwd: folder, env, stdio: ["pipe", "pipe", "inherit"] });
  ends.push(() => child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    child.once("exit", (status) => reject(new Error(`the service ended with ${status}`)));
    child.stdout.once("data", (text) => resolve(Number(text)));
  });
}

/** @returns {Promise<{ ms: number, body: string }>} */
function request(port, url) {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const asked = http.get({ host: "127.0.0.1", port, path: url, agent: false, timeout: REQUEST_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve({ ms: performance.now() - begin, body }));
    });
    asked.on("timeout", () => asked.destroy(new Error(`${url} took more than ${REQUEST_MS} ms`)));
    asked.on("error", reject);
  });
}

async function measurePage({ page, file, promise }, scale) {
  prepared ??= prepare();
  const { ports, verdicts } = await prepared;
  const [before = 0, after = 0] = ports;
  const rows = [];
  for (const limit of ROWS) {
    const url = `/${page}?limit=${limit}`;
    for (let n = 0; n < REQUESTS_BEFORE; n++) {
      const [old, now] = [await request(before, url), await request(after, url)];
      if (old.body !== now.body) {
        throw new Error(`${url} answers something else with the fix`);
      }
    }
    const times = { before: [], after: [] };
    for (let pair = 0; pair < Math.max(4, Math.round(PAIRS * scale)); pair++) {
      // A B, then B A: what drifts falls on both.
      for (const each of pair % 2 === 0 ? ["before", "after"] : ["after", "before"]) {
        times[each].push((await request(each === "before" ? before : after, url)).ms);
      }
    }
    const { saved, low, high } = savedPart(times.before, times.after);
    const note = `${low.toFixed(1)} to ${high.toFixed(1)} %; median ${median(times.before).toFixed(2)} → ${median(times.after).toFixed(2)} ms`;
    rows.push({ what: `/${page}, ${limit} rows: latency that goes`, value: saved, unit: "%", target: promise, atLeast: true, note });
  }
  const written = (verdicts.get(file) ?? []).some((told) => told.endsWith("written"));
  // Without it both services are the same, and the rows above say how much the machine sways.
  rows.push({ what: `${file}: the fix is proved and written`, value: written ? 1 : 0, unit: "", target: 1, atLeast: true });
  return rows;
}

/** 100 (1 - median after / median before), with the 95 % interval by resampling the pairs. */
function savedPart(before, after) {
  const part = (indices) => 100 * (1 - median(indices.map((at) => after[at])) / median(indices.map((at) => before[at])));
  const all = before.map((_, at) => at);
  const drawn = Array.from({ length: RESAMPLES }, () => part(all.map(() => Math.floor(Math.random() * all.length)))).sort((a, b) => a - b);
  return { saved: part(all), low: drawn[Math.floor(0.025 * RESAMPLES)] ?? 0, high: drawn[Math.floor(0.975 * RESAMPLES)] ?? 0 };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}
