/**
 * The Model Context Protocol's tools over stdin and stdout: JSON-RPC 2.0, a message a line. Of the protocol it has what a server of tools needs
 * (https://modelcontextprotocol.io/specification/2025-06-18): initialize, ping, tools/list, tools/call with progress, and cancellation.
 */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON schema of the input: an object. */
  readonly inputSchema: object;
  readonly annotations: { readonly readOnlyHint: boolean; readonly destructiveHint: boolean; readonly openWorldHint: boolean };
  /** Answers an object. What it throws is told to the model as the tool's own error. */
  readonly run: (input: Readonly<Record<string, unknown>>, call: ToolCall) => Promise<object>;
}

export interface ToolCall {
  readonly signal: AbortSignal;
  readonly progress: (phrase: string) => void;
}

/** The newest first; tools are the same in all of them. */
const VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/** A longer line is no question of a tool. */
const MOST_LINE = 1 << 20;
/** Of an answer, in characters: a model's window is small. */
const MOST_ANSWER = 100_000;
/** More at once is no client's wish. */
const MOST_CALLS = 8;

const ERRORS = { parse: -32_700, request: -32_600, method: -32_601, params: -32_602 } as const;

type Id = string | number;

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

/** Resolves when the input has ended and all that runs was ended with it. */
export async function serveMcp(input: Readable, write: (text: string) => void, tools: readonly Tool[], version: string): Promise<void> {
  const session = new McpSession(write, tools, version);
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let skipping = false;
  for await (const part of input) {
    const lines = (rest + decoder.write(part as Buffer)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!skipping && line.trim() !== "") session.receive(line);
      skipping = false;
    }
    if (rest.length > MOST_LINE) {
      if (!skipping) session.refuse(`A message has at most ${MOST_LINE} bytes.`);
      skipping = true;
      rest = "";
    }
  }
  await session.end();
}

class McpSession {
  readonly #write: (text: string) => void;
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #version: string;
  readonly #calls = new Map<Id, { readonly controller: AbortController; readonly done: Promise<void> }>();

  constructor(write: (text: string) => void, tools: readonly Tool[], version: string) {
    this.#write = write;
    this.#version = version;
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  refuse(message: string): void {
    this.#error(null, ERRORS.request, message);
  }

  receive(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      this.#error(null, ERRORS.parse, "This is no JSON.");
      return;
    }
    const { id, method } = isObject(message) ? message : {};
    const params = isObject(message?.params) ? message.params : {};
    if (typeof method !== "string") {
      // What answers a question of ours has no method, and we ask none.
      if (!isObject(message) || !("result" in message || "error" in message)) this.#error(null, ERRORS.request, "This is no request.");
      return;
    }
    if (typeof id === "string" || typeof id === "number") this.#request(id, method, params);
    else if (method === "notifications/cancelled") this.#cancel(params["requestId"]);
  }

  /** Ends what runs. */
  async end(): Promise<void> {
    for (const { controller } of this.#calls.values()) controller.abort();
    await Promise.all([...this.#calls.values()].map(({ done }) => done));
  }

  #request(id: Id, method: string, params: Readonly<Record<string, unknown>>): void {
    switch (method) {
      case "initialize": {
        const asked = params["protocolVersion"];
        const protocolVersion = VERSIONS.find((version) => version === asked) ?? VERSIONS[0];
        const serverInfo = { name: "flameline", title: "Flameline", version: this.#version };
        const instructions =
          "Profiles by eBPF. Record with profile, or name a profile file; ask hottest for where the cost is, explain_line for one line, and prove_change whether a change is equal and faster.";
        this.#result(id, { protocolVersion, capabilities: { tools: {} }, serverInfo, instructions });
        return;
      }
      case "ping":
        this.#result(id, {});
        return;
      case "tools/list":
        // A function is no JSON: what runs a tool stays here.
        this.#result(id, { tools: [...this.#tools.values()] });
        return;
      case "tools/call":
        this.#call(id, params);
        return;
      default:
        this.#error(id, ERRORS.method, `There is no method ${method.slice(0, 100)}.`);
    }
  }

  #call(id: Id, params: Readonly<Record<string, unknown>>): void {
    const { name, arguments: given = {}, _meta: meta } = params;
    const tool = typeof name === "string" ? this.#tools.get(name) : undefined;
    if (tool === undefined) return this.#error(id, ERRORS.params, `There is no tool ${String(name).slice(0, 100)}.`);
    if (!isObject(given)) return this.#error(id, ERRORS.params, "The arguments of a tool are an object.");
    if (this.#calls.size >= MOST_CALLS || this.#calls.has(id)) {
      return this.#error(id, ERRORS.request, `At most ${MOST_CALLS} tools run at once, each with an id of its own.`);
    }
    const controller = new AbortController();
    const { signal } = controller;
    const token = isObject(meta) ? meta["progressToken"] : undefined;
    let steps = 0;
    const progress = (message: string): void => {
      if (token === undefined || signal.aborted) return;
      steps += 1;
      this.#send({ method: "notifications/progress", params: { progressToken: token, progress: steps, message } });
    };
    const done = tool
      .run(given, { signal, progress })
      .then(
        (answer) => answerOf(answer),
        (error: unknown) => ({ content: [{ type: "text", text: error instanceof Error ? error.message : String(error) }], isError: true }),
      )
      .then((result) => {
        this.#calls.delete(id);
        // Nobody waits for what was cancelled.
        if (!signal.aborted) this.#result(id, result);
      });
    this.#calls.set(id, { controller, done });
  }

  #cancel(id: unknown): void {
    if (typeof id === "string" || typeof id === "number") this.#calls.get(id)?.controller.abort();
  }

  #result(id: Id, result: object): void {
    this.#send({ id, result });
  }

  #error(id: Id | null, code: number, message: string): void {
    this.#send({ id, error: { code, message } });
  }

  #send(message: object): void {
    this.#write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }
}

function answerOf(answer: object): object {
  const text = JSON.stringify(answer);
  if (text.length <= MOST_ANSWER) return { content: [{ type: "text", text }], structuredContent: answer };
  const told = `The answer has ${text.length} characters, and ${MOST_ANSWER} is the most: ask for fewer rows.`;
  return { content: [{ type: "text", text: told }], isError: true };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
