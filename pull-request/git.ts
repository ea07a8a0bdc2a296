/** Runs Git: without a shell, without questions, and for so long and no longer. */
import { spawn } from "node:child_process";
import { SharingError } from "./failures.js";

export interface GitRun {
  /** Where it runs. */
  readonly folder: string;
  /** Given on standard input. */
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** 30 without. */
  readonly seconds?: number;
}

export interface GitAnswer {
  readonly status: number;
  readonly out: Buffer;
  readonly said: string;
}

/** More is no answer of what is asked here. */
const MOST_BYTES = 64e6;
const SECONDS = 30;

/** What a caller's environment may say of a repository is that of another one. */
const OF_OTHER_REPOSITORIES =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|COMMON_DIR|CONFIG|CONFIG_(COUNT|PARAMETERS|KEY_.*|VALUE_.*)|LITERAL_PATHSPECS)$/;

/** Answers whatever its status is; throws a {@link SharingError} where it can't be run or takes too long. */
export function runGit(args: readonly string[], { folder, input = "", environment = {}, seconds = SECONDS }: GitRun): Promise<GitAnswer> {
  const inherited = Object.entries(process.env).filter(([name]) => !OF_OTHER_REPOSITORIES.test(name));
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["--no-pager", ...args], {
      cwd: folder,
      env: { ...Object.fromEntries(inherited), GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C", ...environment },
      stdio: ["pipe", "pipe", "pipe"],
      // Without a terminal ssh can't ask either; and what it has started ends with it.
      detached: true,
    });
    const parts: Buffer[] = [];
    let bytes = 0;
    let said = "";
    let isLate = false;
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is gone.
      }
    };
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, seconds * 1000);
    child.stdout.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > MOST_BYTES) kill();
      else parts.push(part);
    });
    child.stderr.on("data", (part: Buffer) => {
      said = (said + part.toString("utf8")).slice(-4000);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error.code === "ENOENT" ? new SharingError({ kind: "git-missing" }) : error);
    });
    child.on("close", (status) => {
      clearTimeout(timer);
      if (isLate) reject(new SharingError({ kind: "git-slow", command: args[0] ?? "", seconds }));
      else resolve({ status: status ?? -1, out: Buffer.concat(parts), said: said.trim() });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Its output without the last line break; throws a {@link SharingError} where it fails. */
export async function git(args: readonly string[], run: GitRun): Promise<string> {
  const { status, out, said } = await runGit(args, run);
  if (status === 0) return out.toString("utf8").replace(/\n$/, "");
  throw new SharingError({ kind: "git-failed", command: args.find((each) => !each.startsWith("-")) ?? "", said: lastLine(said, status) });
}

/** The same; undefined where it fails or says nothing. */
export async function gitMaybe(args: readonly string[], run: GitRun): Promise<string | undefined> {
  const { status, out } = await runGit(args, run);
  const text = out.toString("utf8").replace(/\n$/, "");
  return status === 0 && text !== "" ? text : undefined;
}

/** What Git complained of, in one line. */
export function lastLine(said: string, status: number): string {
  const lines = said.split("\n").map((line) => line.trim());
  const told = lines.find((line) => /^(fatal|error):/.test(line)) ?? lines.findLast((line) => line !== "");
  return told?.replace(/^(fatal|error): /, "").slice(0, 300) ?? `it ended with ${status}`;
}
