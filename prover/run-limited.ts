/** Runs the user's code for so long and no longer: in a process group of its own, which never outlives the run. */
import { spawn } from "node:child_process";

export interface LimitedRun {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Given on standard input. */
  readonly input: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** Answers how it ended; rejects when it is aborted or the command can't be started. Its output goes nowhere. */
export async function runLimited(run: LimitedRun): Promise<"ended" | "out of time"> {
  return (await runForStatus(run)) === "out of time" ? "out of time" : "ended";
}

/** Answers the exit code, null where a signal ended it; rejects as {@link runLimited} does. */
export function runForStatus(run: LimitedRun): Promise<number | null | "out of time"> {
  const { signal } = run;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(run.command, run.arguments, {
      cwd: run.folder,
      env: run.environment,
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    // What the code has started goes with it.
    const killGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // The group is gone.
      }
    };
    let outOfTime = false;
    const timer = setTimeout(() => {
      outOfTime = true;
      killGroup();
    }, run.seconds * 1000);
    signal.addEventListener("abort", killGroup, { once: true });
    // A window that closes takes its proof along.
    process.once("exit", killGroup);
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", killGroup);
      process.off("exit", killGroup);
      killGroup();
    };
    child.on("error", (error) => {
      done();
      reject(error);
    });
    child.on("exit", (code) => {
      done();
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      else resolve(outOfTime ? "out of time" : code);
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(run.input);
  });
}
