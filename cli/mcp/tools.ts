/** The tools that language-model clients get: the same numbers as the commands'. */
import { resolve } from "node:path";
import type { EventName } from "../../protocol/events.js";
import { EVENT_UNITS } from "../../protocol/events.js";
import { ToolInput } from "../../protocol/tool-input.js";
import type { World } from "../command.js";
import { recordProfile } from "./record-profile.js";
import type { Tool } from "./serve.js";

const EVENTS = Object.keys(EVENT_UNITS) as EventName[];
const PROFILE = { type: "string", description: "A profile's file or a kept recording's folder; relative to the server's folder." };
const EVENT = { type: "string", enum: EVENTS, description: "What is counted; by default the first that the profile has." };
const FILE = { type: "string", description: "A source file; relative to the server's folder." };

/** With `mayRun`, commands and the project's own code are run where a client asks for it. */
export function createTools(world: World, mayRun: boolean): readonly Tool[] {
  const pathOf = (input: ToolInput, name: string): string => resolve(world.cwd, input.text(name));
  const eventOf = (input: ToolInput): EventName | undefined => {
    const event = input.choice<EventName | "">("event", EVENTS, "");
    return event === "" ? undefined : event;
  };
  const needsRun = (what: string): void => {
    if (!mayRun)
      throw new Error(
        `${what} runs code of this machine's user, who has not allowed that: start the server as “flameline mcp --allow-run”.`,
      );
  };
  return [
    {
      name: "profile",
      title: "Record a profile",
      description:
        "Records for some seconds what the processes of the server's folder, one process, or a command do, into a pprof file, and answers its path with the hottest lines.",
      inputSchema: schema({
        seconds: { type: "integer", minimum: 1, maximum: 120, description: "How long; 10 by default. A command may end before." },
        pid: { type: "integer", minimum: 1, description: "Only this process and its children." },
        command: {
          type: "array",
          items: { type: "string" },
          description: "A program with its arguments, started for it. Needs --allow-run.",
        },
        events: { type: "string", description: "Comma-separated: cpu, off_cpu, memory, io, net. By default cpu,off_cpu." },
      }),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
      run: async (given, call) => {
        const input = new ToolInput(given);
        const command = input.has("command") ? input.list("command").map(String) : undefined;
        if (command !== undefined) needsRun("A command");
        const seconds = input.number("seconds", { from: 1, to: 120 }, 10);
        const pid = input.has("pid") ? input.number("pid", { from: 1, to: 2 ** 31 - 1 }) : undefined;
        const recorded = await recordProfile(world, { seconds, pid, command, events: input.maybeText("events") }, call);
        const { hottestRows } = await import("./hottest.js");
        return { ...recorded, ...(await hottestRows(world, { profile: recorded.profile, by: "line", event: undefined, limit: 10 })) };
      },
    },
    {
      name: "hottest",
      title: "Hottest lines, functions, processes or files",
      description:
        "Where a profile's cost is, by falling self cost, with shares of the whole. self is the thing's own cost, total has what it calls.",
      inputSchema: schema(
        {
          profile: PROFILE,
          by: { type: "string", enum: ["line", "function", "process", "file"] },
          event: EVENT,
          limit: { type: "integer", minimum: 1, maximum: 200, description: "Rows; 20 by default." },
        },
        ["profile"],
      ),
      annotations: READ_ONLY,
      run: async (given) => {
        const input = new ToolInput(given);
        const { hottestRows } = await import("./hottest.js");
        return hottestRows(world, {
          profile: pathOf(input, "profile"),
          by: input.choice("by", ["line", "function", "process", "file"], "line"),
          event: eventOf(input),
          limit: input.number("limit", { from: 1, to: 200 }, 20),
        });
      },
    },
    {
      name: "explain_line",
      title: "Why a line is hot",
      description: "A source line's cost in each event of a profile, who calls it, what it calls, and the known fixes that touch it.",
      inputSchema: schema({ profile: PROFILE, file: FILE, line: { type: "integer", minimum: 1, description: "1-based." } }, [
        "profile",
        "file",
        "line",
      ]),
      annotations: READ_ONLY,
      run: async (given) => {
        const input = new ToolInput(given);
        const { explainLine } = await import("./explain-line.js");
        return explainLine(world, pathOf(input, "profile"), pathOf(input, "file"), input.number("line", { from: 1, to: 1e7 }));
      },
    },
    {
      name: "prove_change",
      title: "Prove that a change is equal and faster",
      description:
        "Runs the project's tests and the recorded program with the old and the new code of one function, in a copy of the server's folder, and answers whether the change behaves the same and is faster. No file is changed. Needs --allow-run.",
      inputSchema: schema(
        {
          profile: PROFILE,
          file: FILE,
          function: { type: "string", description: "The function that is changed: its name in the module, or Class.method." },
          changes: {
            type: "array",
            maxItems: 20,
            items: schema({ old: { type: "string", description: "Text that the file has once." }, new: { type: "string" } }, [
              "old",
              "new",
            ]),
          },
          seconds: { type: "integer", minimum: 5, maximum: 600, description: "At most; 180 by default." },
        },
        ["profile", "file", "function", "changes"],
      ),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
      run: async (given, call) => {
        needsRun("A proof");
        const input = new ToolInput(given);
        const { proveChange } = await import("./prove-change.js");
        const changes = input.changes("changes");
        const wish = { profile: pathOf(input, "profile"), file: pathOf(input, "file"), subject: input.text("function"), changes };
        return proveChange(world, { ...wish, seconds: input.number("seconds", { from: 5, to: 600 }, 180) }, call);
      },
    },
  ];
}

const READ_ONLY = { readOnlyHint: true, destructiveHint: false, openWorldHint: false };

function schema(properties: object, required: readonly string[] = []): object {
  return { type: "object", properties, required, additionalProperties: false };
}
