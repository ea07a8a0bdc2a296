/** Debug information is fetched from a real server on this machine, which behaves in all the ways that servers do. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DebugFile } from "../../../protocol/helper.js";
import { connectRunningHelper } from "../../../recorder/connect-helper.js";
import { DebugFiles } from "../../../recorder/debug-files.js";
import { cached, type Debuginfod, debuginfodOf, download } from "../../../recorder/debuginfod.js";
import { record } from "../../../recorder/record.js";
import { batch, FakeHelper, HELLO, started, stopped } from "./fake-helper.js";

const ID = "8b5cf28a5bbcbcf68ad06a29ae0a5aeb6ac24d50";
const OTHER = "00112233445566778899aabbccddeeff00112233";
/** The beginning of an ELF file, its build id somewhere in it. */
const debugFile = (id: string): Buffer =>
  Buffer.concat([Buffer.from("\u007fELF", "latin1"), Buffer.alloc(70_000), Buffer.from(id, "hex"), Buffer.alloc(100)]);

let folder: string;
let servers: Server[];
let asked: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-debuginfod-"));
  servers = [];
  asked = [];
});
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const have = (id: string) =>
  serve((request, response) => {
    if (request.url === `/buildid/${id}/debuginfo`) response.end(debugFile(id));
    else response.writeHead(404).end("not found");
  });

function from(urls: readonly string[], change: Partial<Debuginfod> = {}): Debuginfod {
  const made = debuginfodOf({ HOME: folder, DEBUGINFOD_URLS: urls.join(" ") });
  if (made === undefined) throw new Error("no server");
  return { ...made, ...change };
}

const cache = (id = ID): string => join(folder, ".cache/debuginfod_client", id);
const never = new AbortController().signal;

describe("where debug information comes from", () => {
  test("nobody is asked where no server is named", () => {
    expect(debuginfodOf({ HOME: "/home/ada" })).toBeUndefined();
    expect(debuginfodOf({ HOME: "/home/ada", DEBUGINFOD_URLS: " ima:enforcing file:///etc ftp://x " })).toBeUndefined();
    expect(debuginfodOf({ HOME: "/home/ada", DEBUGINFOD_URLS: "https://one/" }, "")).toBeUndefined();
  });

  test("elfutils' variables and folder hold", () => {
    const env = { HOME: "/home/ada", DEBUGINFOD_URLS: "https://one/  http://two/base/", DEBUGINFOD_TIMEOUT: "7", DEBUGINFOD_MAXSIZE: "99" };
    expect(debuginfodOf(env)).toEqual({
      servers: ["https://one", "http://two/base"],
      cache: "/home/ada/.cache/debuginfod_client",
      quietMs: 7_000,
      mostMs: 600_000,
      mostBytes: 99,
    });
    expect(debuginfodOf({ ...env, XDG_CACHE_HOME: "/caches" })?.cache).toBe("/caches/debuginfod_client");
    expect(debuginfodOf({ ...env, DEBUGINFOD_CACHE_PATH: "/mine" }, "https://three")).toMatchObject({
      servers: ["https://three"],
      cache: "/mine",
    });
    mkdirSync(join(folder, ".debuginfod_client_cache"));
    expect(debuginfodOf({ ...env, HOME: folder })?.cache).toBe(join(folder, ".debuginfod_client_cache"));
  });
});

describe("a download", () => {
  test("comes from the first server that has it, whole, and is found again without asking", async () => {
    const servers = from([await have(OTHER), await have(ID), await serve((_, response) => response.end("unasked"))]);
    const path = await download(servers, ID, never);
    expect(path).toBe(join(cache(), "debuginfo"));
    expect(readFileSync(path)).toEqual(debugFile(ID));
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(readdirSync(cache())).toEqual(["debuginfo"]);
    expect(asked).toEqual([`/buildid/${ID}/debuginfo`, `/buildid/${ID}/debuginfo`]);
    expect(await cached(servers, ID)).toBe(path);
  });

  test("that no server has is remembered for ten minutes, as an empty file", async () => {
    const servers = from([await have(OTHER)]);
    expect(await cached(servers, ID)).toBeUndefined();
    expect(await download(servers, ID, never)).toBe("");
    expect(statSync(join(cache(), "debuginfo")).size).toBe(0);
    expect(await cached(servers, ID)).toBe("");
    utimesSync(join(cache(), "debuginfo"), new Date(), new Date(Date.now() - 601_000));
    expect(await cached(servers, ID)).toBeUndefined();
    expect(await download(servers, ID, never)).toBe("");
  });

  test("follows redirects, not for ever and not out of http", async () => {
    const target = await have(ID);
    const to = (where: string) => serve((request, response) => response.writeHead(302, { location: `${where}${request.url ?? ""}` }).end());
    expect(await download(from([await to(target)]), ID, never)).toBe(join(cache(), "debuginfo"));
    rmSync(cache(), { recursive: true });
    const round: string = await serve((_, response) => response.writeHead(302, { location: "/again" }).end());
    await expect(download(from([round]), ID, never)).rejects.toThrow("it redirects endlessly");
    await expect(download(from([await to("file:///etc/passwd?")]), ID, never)).rejects.toThrow("it redirects to file://");
    expect(readdirSync(cache())).toEqual([]);
  });

  test.each<[string, RequestListener, Partial<Debuginfod>, string]>([
    ["a page to log in", (_, response) => response.end("<html>Sign in"), {}, "what it sent is no ELF file"],
    ["another build's file", (_, response) => response.end(debugFile(OTHER)), {}, "what it sent belongs to another build"],
    ["more than is allowed", (_, response) => response.end(debugFile(ID)), { mostBytes: 50_000 }, "it is larger than 50000 bytes"],
    [
      "a little that unpacks to much",
      (_, response) => {
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.concat([debugFile(ID), Buffer.alloc(50e6)])));
      },
      { mostBytes: 1e6 },
      "it is larger than 1000000 bytes",
    ],
    ["an error", (_, response) => response.writeHead(503).end(), {}, "it answered with status 503"],
    ["nothing", () => undefined, { quietMs: 100 }, "it sends nothing"],
    ["a beginning", (_, response) => void response.write(debugFile(ID).subarray(0, 100)), { quietMs: 200 }, "it sends nothing"],
    ["a drip", (_, response) => void setInterval(() => response.write("x"), 20).unref(), { mostMs: 300 }, "timeout"],
    [
      "a cut",
      (request, response) => {
        response.writeHead(200, { "content-length": 1e6 }).write(debugFile(ID));
        setTimeout(() => request.socket.destroy(), 50);
      },
      {},
      "other side closed",
    ],
  ])("of %s leaves nothing behind and is tried again", async (_, answer, change, why) => {
    await expect(download(from([await serve(answer)], change), ID, never)).rejects.toThrow(why);
    expect(readdirSync(cache())).toEqual([]);
    expect(await download(from([await have(ID)]), ID, never)).toBe(join(cache(), "debuginfo"));
  });

  test("ends when nobody wants it any more", async () => {
    const stop = new AbortController();
    const server = await serve(() => stop.abort());
    await expect(download(from([server]), ID, stop.signal)).rejects.toThrow();
    expect(readdirSync(cache())).toEqual([]);
  });

  test("does not go where the cache can't be written", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(download(from([await have(ID)], { cache: join(folder, "file") }), ID, never)).rejects.toThrow();
    expect(asked).toEqual([]);
  });
});

describe("what the helper is told", () => {
  const options = (of: Debuginfod, patienceMs = 5_000) => ({ from: of, patienceMs, goesOn: false });
  const until = async (done: () => boolean): Promise<void> => {
    for (let i = 0; i < 200 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  test("each build id once: coming, then where it is or that there is none; odd ids never leave this machine", async () => {
    const told: DebugFile[] = [];
    const files = new DebugFiles(options(from([await have(ID)])));
    const say = (message: DebugFile): void => void told.push(message);
    files.want([ID, OTHER, "../../etc", "ABC", 7, ID, ""], say);
    files.want([ID], say);
    await until(() => told.length >= 4);
    expect(told.filter(({ buildId }) => buildId === ID)).toEqual([
      { type: "debug-file", buildId: ID, state: "coming", path: "" },
      { type: "debug-file", buildId: ID, state: "here", path: join(cache(), "debuginfo") },
    ]);
    expect(told.filter(({ buildId }) => buildId === OTHER).map(({ state }) => state)).toEqual(["coming", "none"]);
    expect(told).toHaveLength(4);
    expect(files.counts).toEqual({ downloaded: 1, missing: 1, failure: undefined, failed: 0 });
    expect(asked.toSorted()).toEqual([`/buildid/${OTHER}/debuginfo`, `/buildid/${ID}/debuginfo`]);
  });

  test("what gdb has downloaded is there at once", async () => {
    mkdirSync(cache(), { recursive: true });
    writeFileSync(join(cache(), "debuginfo"), debugFile(ID));
    chmodSync(join(cache(), "debuginfo"), 0o400);
    const told: DebugFile[] = [];
    new DebugFiles(options(from([await serve(() => undefined)]))).want([ID], (message) => void told.push(message));
    await until(() => told.length > 0);
    expect(told.map(({ state }) => state)).toEqual(["here"]);
    expect(asked).toEqual([]);
  });

  test("the end of a recording waits for what is coming, with patience that ends", async () => {
    const told: DebugFile[] = [];
    const files = new DebugFiles(options(from([await serve(() => undefined)]), 100));
    files.want([ID], (message) => void told.push(message));
    await until(() => told.length > 0);
    files.ending();
    await until(() => told.length > 1);
    expect(told.map(({ state }) => state)).toEqual(["coming", "none"]);
    files.close();
    await until(() => !existsSync(cache()) || readdirSync(cache()).length === 0);
    expect(readdirSync(cache())).toEqual([]);
  });

  test("over the helper's socket, while it records and after its end was asked for", async () => {
    const helper = new FakeHelper();
    const told: string[] = [];
    await helper.listen((message, reply) => {
      if (message.type === "hello") reply(HELLO);
      if (message.type === "start") {
        reply(started(message.recording));
        reply({ ...batch(message.recording, 0), debugFiles: [ID] });
      }
      if (message.type === "debug-file") {
        told.push(message.state);
        if (message.state === "here") reply(stopped(1, 1));
      }
    });
    const connection = await connectRunningHelper({ machine: helper.machine });
    if (connection === undefined) throw new Error("no connection");
    const active = await record({
      connection,
      target: { kind: "user" },
      events: ["cpu"],
      hz: 99,
      debugFiles: options(from([await have(ID)])),
      onMessage: () => undefined,
    });
    const result = await active.stop();
    expect(told).toEqual(["coming", "here"]);
    expect(result).toMatchObject({ reason: "requested", debugFiles: { downloaded: 1 } });
    connection.close();
    helper.close();
  });
});
