/**
 * Debug information by build id, from the servers that the user names (https://sourceware.org/elfutils/Debuginfod.html). What comes lies where
 * elfutils' own client puts it, so that gdb and we use each other's downloads: `CACHE/BUILDID/debuginfo`, empty where no server has it.
 */
import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import { lstat, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** As elfutils: an empty file says for this long that no server has it. */
const MISS_MS = 600_000;
const REDIRECTS = 5;
const SERVERS = 16;
const ELF_MAGIC = Buffer.from("\u007fELF", "latin1");

export interface Debuginfod {
  readonly servers: readonly string[];
  /** Absolute path of the folder that elfutils' client uses too. */
  readonly cache: string;
  /** A server that sends nothing for so long is given up. */
  readonly quietMs: number;
  /** A file that takes longer or is larger is given up. */
  readonly mostMs: number;
  readonly mostBytes: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the environment says, `urls` standing in for DEBUGINFOD_URLS; undefined where no server is named, so that nobody is asked. The other
 * variables are elfutils': DEBUGINFOD_CACHE_PATH, DEBUGINFOD_TIMEOUT and DEBUGINFOD_MAXTIME in seconds, DEBUGINFOD_MAXSIZE in bytes.
 */
export function debuginfodOf(env: Environment, urls = env["DEBUGINFOD_URLS"] ?? ""): Debuginfod | undefined {
  const servers = urls.split(/\s+/).filter((url) => /^https?:\/\//.test(url) && URL.canParse(url));
  const cache = cacheFolder(env);
  if (servers.length === 0 || cache === undefined) return undefined;
  return {
    servers: servers.slice(0, SERVERS).map((url) => url.replace(/\/+$/, "")),
    cache,
    quietMs: 1_000 * positive(env["DEBUGINFOD_TIMEOUT"], 90),
    mostMs: 1_000 * positive(env["DEBUGINFOD_MAXTIME"], 600),
    mostBytes: positive(env["DEBUGINFOD_MAXSIZE"], 2 ** 31),
  };
}

function cacheFolder(env: Environment): string | undefined {
  const named = env["DEBUGINFOD_CACHE_PATH"];
  if (named?.startsWith("/") === true) return named;
  const home = env["HOME"];
  const old = home?.startsWith("/") === true ? join(home, ".debuginfod_client_cache") : undefined;
  if (old !== undefined && lstatSync(old, { throwIfNoEntry: false })?.isDirectory() === true) return old;
  const caches = env["XDG_CACHE_HOME"] || (home === undefined ? "" : join(home, ".cache"));
  return caches.startsWith("/") ? join(caches, "debuginfod_client") : undefined;
}

function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}

/** What is known of a build id without asking anybody: a path, "" where no server has it, or nothing (undefined). */
export async function cached({ cache }: Debuginfod, buildId: string): Promise<string | undefined> {
  const path = join(cache, buildId, "debuginfo");
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  if (found.size > 0) return path;
  return Date.now() - found.mtimeMs < MISS_MS ? "" : undefined;
}

/**
 * Asks the servers in turn and keeps what comes. Resolves with its path, or "" where every server says so, which is remembered.
 * Throws an `Error` with one sentence where that is not known: nothing is remembered then.
 */
export async function download(from: Debuginfod, buildId: string, stop: AbortSignal): Promise<string> {
  const folder = join(from.cache, buildId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "debuginfo");
  let failure: Error | undefined;
  for (const server of from.servers) {
    try {
      if (await fetchInto(path, `${server}/buildid/${buildId}/debuginfo`, buildId, from, stop)) return path;
    } catch (error) {
      failure ??= new Error(`${server} gave no debug information of ${buildId}: ${reason(error)}.`, { cause: error });
    }
    if (stop.aborted) break;
  }
  if (failure !== undefined) throw failure;
  await rm(path, { force: true });
  await writeFile(path, "", { flag: "wx", mode: 0o600 });
  return "";
}

/** False where the server says that it has none. Whatever fails leaves nothing behind. */
async function fetchInto(path: string, url: string, buildId: string, limits: Debuginfod, stop: AbortSignal): Promise<boolean> {
  const quiet = new AbortController();
  const timer = setTimeout(() => quiet.abort(new Error("it sends nothing")), limits.quietMs);
  const late = AbortSignal.timeout(limits.mostMs);
  const signal = AbortSignal.any([stop, quiet.signal, late]);
  const part = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const response = await follow(new URL(url), signal);
    if (response.status === 404 || response.status === 410) return false;
    if (!response.ok || response.body === null) throw new Error(`it answered with status ${response.status}`);
    const file = await open(part, "wx", 0o600);
    try {
      const check = new Check(buildId);
      for await (const chunk of response.body) {
        timer.refresh();
        check.add(chunk);
        if (check.bytes > limits.mostBytes) throw new Error(`it is larger than ${limits.mostBytes} bytes`);
        await file.writeFile(chunk);
      }
      check.finish();
    } finally {
      await file.close();
    }
    signal.throwIfAborted();
    await rename(part, path);
    return true;
  } finally {
    clearTimeout(timer);
    // Ends a transfer that was given up.
    quiet.abort();
    await rm(part, { force: true });
  }
}

/** GET with a few redirects, which may not leave encryption. */
async function follow(url: URL, signal: AbortSignal): Promise<Response> {
  for (let hops = 0; hops <= REDIRECTS; hops++) {
    const response = await fetch(url, { signal, redirect: "manual" });
    const to = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || to === null) return response;
    await response.body?.cancel();
    const next = new URL(to, url);
    if (!/^https?:$/.test(next.protocol) || (url.protocol === "https:" && next.protocol !== "https:")) {
      throw new Error(`it redirects to ${next.protocol}//${next.host}`);
    }
    url = next;
  }
  throw new Error("it redirects endlessly");
}

/** Looks while a file arrives whether it is an ELF file with the build id in it: a page to log in must not stay in the cache. */
class Check {
  bytes = 0;
  readonly #id: Buffer;
  #tail: Buffer = Buffer.alloc(0);
  #start: Buffer = Buffer.alloc(0);
  #found = false;

  constructor(buildId: string) {
    this.#id = Buffer.from(buildId, "hex");
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.#start.length < ELF_MAGIC.length) this.#start = Buffer.concat([this.#start, chunk.subarray(0, ELF_MAGIC.length)]);
    if (this.#found) return;
    const seen = Buffer.concat([this.#tail, chunk]);
    this.#found = seen.includes(this.#id);
    this.#tail = seen.subarray(Math.max(0, seen.length - this.#id.length + 1));
  }

  finish(): void {
    if (!this.#start.subarray(0, ELF_MAGIC.length).equals(ELF_MAGIC)) throw new Error("what it sent is no ELF file");
    if (!this.#found) throw new Error("what it sent belongs to another build");
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // `fetch` says only that it failed; why is the cause.
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
