/** A client of `flameline mcp`, as an editor or a language model's program is one: a child of its own, a message a line. */
import { spawn } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../scripts/paths.mjs";
import { OWN_ENV } from "./flameline.mjs";

interface Answer {
  readonly id?: number;
  readonly result?: object;
  readonly error?: { readonly message: string };
}

export interface McpClient {
  readonly ask: (method: string, params: object) => Promise<object>;
  /** Calls a tool; rejects with what it says where it fails. */
  readonly use: (name: string, given: object) => Promise<Readonly<Record<string, unknown>>>;
  readonly stop: () => void;
}

export function startMcp(folder: string): McpClient {
  const child = spawn(process.execPath, [path.join(root, "dist/flameline.js"), "mcp", "--allow-run"], {
    cwd: folder,
    env: { ...process.env, ...OWN_ENV },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id ?? 0)?.(answer);
  });
  let last = 0;
  const ask = async (method: string, params: object): Promise<object> => {
    const id = ++last;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    const { result, error } = await answered;
    if (result === undefined) throw new Error(error?.message);
    return result;
  };
  return {
    ask,
    use: async (name, given) => {
      const result = (await ask("tools/call", { name, arguments: given })) as {
        isError?: boolean;
        content: { text: string }[];
        structuredContent?: Record<string, unknown>;
      };
      if (result.isError === true || result.structuredContent === undefined) throw new Error(result.content[0]?.text);
      return result.structuredContent;
    },
    stop: () => void child.stdin.end(),
  };
}
