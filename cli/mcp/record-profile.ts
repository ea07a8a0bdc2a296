import { spawn } from "node:child_process";
import { join } from "node:path";
import type { World } from "../command.js";
import type { ToolCall } from "./serve.js";

interface RecordWish {
  readonly seconds: number;
  readonly pid: number | undefined;
  readonly command: readonly string[] | undefined;
  readonly events: string | undefined;
}

/** How long an interrupted recording may take to write its file. */
const WRITES_MS = 10_000;

/** Runs `flameline record` as a process of its own, so that it can be interrupted like one; throws what it says where it fails. */
export async function recordProfile(
  world: World,
  wish: RecordWish,
  { signal, progress }: ToolCall,
): Promise<{ profile: string; said: string }> {
  const profile = join(world.cwd, `flameline-${new Date().toISOString().replace(/\W|\d{3}Z$/g, "")}Z.pb.gz`);
  const what =
    wish.command !== undefined
      ? ["--", ...wish.command]
      : wish.pid !== undefined
        ? ["--pid", String(wish.pid)]
        : ["--workspace", world.cwd];
  const events = wish.events === undefined ? [] : ["--events", wish.events];
  const args = ["record", "-o", profile, "--seconds", String(wish.seconds), ...events, ...what];
  progress(`recording for ${wish.seconds} s`);
  const child = spawn(process.execPath, [join(world.programFolder, "flameline.js"), ...args], {
    cwd: world.cwd,
    env: world.env,
    // Our own output is the protocol's.
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  let last: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    child.kill("SIGINT");
    last = setTimeout(() => child.kill("SIGKILL"), WRITES_MS);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  const status = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearTimeout(last);
  signal.removeEventListener("abort", interrupt);
  if (status !== 0) throw new Error(said.trim() === "" ? `flameline record ended with ${status}.` : said.trim());
  return { profile, said: said.trim() };
}
