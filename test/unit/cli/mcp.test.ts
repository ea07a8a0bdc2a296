import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { World } from "../../../cli/command.js";
import { serveMcp, type Tool } from "../../../cli/mcp/serve.js";
import { createTools } from "../../../cli/mcp/tools.js";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { thisMachine } from "../../../recorder/machine.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

interface Answer {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: {
    readonly isError?: boolean;
    readonly content: readonly { readonly text: string }[];
    readonly structuredContent?: unknown;
  };
  readonly error?: { readonly code: number; readonly message: string };
}

/** What a server answers to some lines, once its input has ended or, with `waits`, after so many answers. */
async function talk(tools: readonly Tool[], lines: readonly unknown[], waits = 0): Promise<Answer[]> {
  const input = new PassThrough();
  let out = "";
  const served = serveMcp(input, (text) => void (out += text), tools, "7.8.9");
  for (const line of lines) input.write(typeof line === "string" ? line : `${JSON.stringify(line)}\n`);
  if (waits > 0) await expect.poll(() => out.split("\n").length - 1, { timeout: 60_000 }).toBeGreaterThanOrEqual(waits);
  input.end();
  await served;
  return out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Answer]));
}

const call = (id: number, name: string, given: object, more: object = {}): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: given, ...more },
});

function tool(name: string, run: Tool["run"]): Tool {
  const annotations = { readOnlyHint: true, destructiveHint: false, openWorldHint: false };
  return { name, title: name, description: name, inputSchema: { type: "object" }, annotations, run };
}

describe("the protocol", () => {
  const quick = tool("quick", async (given) => given);

  test.each([
    ["2025-06-18", "2025-06-18"],
    ["2024-11-05", "2024-11-05"],
    ["2031-01-01", "2025-11-25"],
  ])("a client of version %s is answered by %s", async (asked, answered) => {
    const begin = { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: asked, capabilities: {} } };
    const answers = await talk(
      [quick],
      [begin, { jsonrpc: "2.0", method: "notifications/initialized" }, { jsonrpc: "2.0", id: "p", method: "ping" }],
    );
    expect(answers).toMatchObject([
      {
        jsonrpc: "2.0",
        id: 1,
        result: { protocolVersion: answered, capabilities: { tools: {} }, serverInfo: { name: "flameline", version: "7.8.9" } },
      },
      { id: "p", result: {} },
    ]);
  });

  test("what is no question is answered by an error, and the next one is served", async () => {
    const lines = [
      "{nonsense\n",
      "[]\n",
      '{"jsonrpc":"2.0","id":1,"method":"resources/list"}\n',
      call(2, "slow", {}),
      '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"quick","arguments":[1]}}\n',
      `"${"x".repeat(3 << 20)}`,
      '"\n',
      "\n",
      '{"jsonrpc":"2.0","id":9,"result":{}}\n',
      '{"jsonrpc":"2.0","id":4,"method":"ping"}\n',
    ];
    const answers = await talk([quick], lines);
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32_700],
      [null, -32_600],
      [1, -32_601],
      [2, -32_602],
      [3, -32_602],
      [null, -32_600],
      [4, undefined],
    ]);
  });

  test("a tool tells how far it is, can be cancelled, and is ended with its client; what it throws is its answer", async () => {
    const ended: string[] = [];
    const slow = tool("slow", (given, { signal, progress }) => {
      progress("begun");
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          ended.push(String(given["name"]));
          reject(new Error("aborted"));
        });
      });
    });
    const bad = tool("bad", async () => {
      throw new Error("Name another file.");
    });
    const large = tool("large", async () => ({ text: "x".repeat(200_000) }));
    const answers = await talk(
      [slow, bad, large],
      [
        call(1, "slow", { name: "a" }, { _meta: { progressToken: "t" } }),
        call(2, "slow", { name: "b" }),
        call(2, "slow", { name: "the same id" }),
        call(3, "bad", {}),
        call(4, "large", {}),
        { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
      ],
      4,
    );
    expect(ended).toEqual(["a", "b"]);
    expect(answers).toHaveLength(4);
    expect(answers).toContainEqual(expect.objectContaining({ params: { progressToken: "t", progress: 1, message: "begun" } }));
    expect(answers).toContainEqual(expect.objectContaining({ id: 2, error: expect.objectContaining({ code: -32_600 }) }));
    expect(answers).toContainEqual(
      expect.objectContaining({ id: 3, result: { content: [{ type: "text", text: "Name another file." }], isError: true } }),
    );
    expect(answers.find(({ id }) => id === 4)?.result?.content[0]?.text).toMatch(/200\d+ characters, and 100000 is the most/);
  });
});

const ROOT = join(import.meta.dirname, "../../..");
const LIBRARY = "/usr/lib/python3.11/re/__init__.py";
const TEXT = String.raw`import re


def clean(line):
    return re.sub(r"\s+", " ", line)


if __name__ == "__main__":
    for n in range(200):
        clean("a  b\t\tc %d " % n * (n % 3))
`;

describe("the tools", () => {
  let folder: string;
  const file = (): string => join(folder, "app.py");
  const ask = async (name: string, given: object, mayRun = false): Promise<NonNullable<Answer["result"]>> => {
    const world: World = {
      out: () => undefined,
      err: () => undefined,
      cwd: folder,
      env: { PATH: "/usr/bin:/bin" },
      terminal: false,
      programFolder: folder,
      machine: thisMachine(),
    };
    const [answer] = await talk(createTools(world, mayRun), [call(1, name, given)], 1);
    if (answer?.result === undefined) throw new Error(JSON.stringify(answer));
    return answer.result;
  };

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "flameline-mcp-")));
    mkdirSync(folder, { recursive: true });
    symlinkSync(join(ROOT, "node_modules/@vscode/tree-sitter-wasm/wasm"), join(folder, "grammars"));
    symlinkSync(join(ROOT, "prover/python-harness"), join(folder, "python-harness"));
    writeFileSync(file(), TEXT);
    utimesSync(file(), 1_600_000_000, 1_600_000_000);
    const line = `<module>:10 (${file()});clean:5 (${file()})`;
    const recording = recordingFromCollapsed(
      `${line};sub:185 (${LIBRARY});_compile:280 (${LIBRARY}) 300000000\n${line} 600000000\n<module>:10 (${file()}) 100000000`,
      { language: "python" },
    );
    recording.setInfo({ startUnixNs: "1700000000000000000" });
    const process = recording.processRows[0];
    if (process === undefined) throw new Error("a recording has a process");
    recording.processRows[0] = { ...process, commandLine: ["python3", "app.py"], workingDirectory: folder };
    writeFileSync(join(folder, "run.pb.gz"), gzipSync(encodePprof(recording)));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("hottest has the rows of the report, as many as are asked for", async () => {
    const { structuredContent } = await ask("hottest", { profile: "run.pb.gz", limit: 1 });
    expect(structuredContent).toMatchObject({
      event: "cpu",
      total: 1e9,
      rows: [{ file: file(), line: 5, function: "clean", selfShare: 0.6, totalShare: 0.9 }],
    });
    expect((structuredContent as { moreRows: number }).moreRows).toBeGreaterThan(0);
    expect(await ask("hottest", { profile: "none.pb.gz" })).toMatchObject({ isError: true });
    expect((await ask("hottest", { profile: "run.pb.gz", limit: 0 })).content[0]?.text).toBe(
      "limit is to be a whole number from 1 to 200.",
    );
  });

  test("a line is explained by its cost, its callers, what it calls and its fixes", async () => {
    const { structuredContent } = await ask("explain_line", { profile: "run.pb.gz", file: "app.py", line: 5 });
    expect(structuredContent).toMatchObject({
      text: '    return re.sub(r"\\s+", " ", line)',
      events: [
        {
          event: "cpu",
          total: 9e8,
          totalShare: 0.9,
          calledBy: [{ function: "<module>", share: 0.9 }],
          calls: [{ function: "sub", value: 3e8, share: 0.3 }],
        },
      ],
      fixes: [{ rule: "python-regex-in-hot-code", function: "clean", share: 0.3 }],
    });
    expect((await ask("explain_line", { profile: "run.pb.gz", file: "app.py", line: 1 })).content[0]?.text).toMatch(/no sample of line 1/);
  });

  test("nothing is run without leave", async () => {
    const changes = [{ old: "re.sub", new: "re.subn" }];
    const given = { profile: "run.pb.gz", file: "app.py", function: "clean", changes };
    expect((await ask("prove_change", given)).content[0]?.text).toMatch(
      /not allowed that: start the server as “flameline mcp --allow-run”/,
    );
    expect((await ask("profile", { command: ["touch", join(folder, "made")] })).content[0]?.text).toMatch(/not allowed that/);
    expect(() => readFileSync(join(folder, "made"))).toThrow();
  });

  test("anybody's change is proved or failed by running it, and the file stays as it is", async () => {
    const prove = (old: string, text: string) =>
      ask("prove_change", { profile: "run.pb.gz", file: "app.py", function: "clean", changes: [{ old, new: text }], seconds: 60 }, true);
    const right = await prove('return re.sub(r"\\s+", " ", line)', 'return _SPACES.sub(" ", line)\n\n\n_SPACES = re.compile(r"\\s+")');
    expect(right.structuredContent).toMatchObject({ function: "clean", share: 0.9, proof: { verdict: "proved" } });
    const wrong = await prove('return re.sub(r"\\s+", " ", line)', 'return " ".join(line.split())');
    expect(wrong.structuredContent).toMatchObject({ proof: { verdict: "failed" } });
    expect((await prove("line", "row")).content[0]?.text).toMatch(/more than once/);
    expect((await prove("nothing", "row")).content[0]?.text).toBe('The file doesn\'t have the text "nothing".');
    expect(readFileSync(file(), "utf8")).toBe(TEXT);
  }, 120_000);
});
