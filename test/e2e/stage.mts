/**
 * What a story in the browser plays on: a user of this machine, VS Code's server as that user with the packaged
 * extension, an example in its workspace. No helper runs until the story starts one.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { type Account, type Example, copyExample, lastAccount } from "../../scripts/examples.mjs";
import { createUser, installPackages, removeUser, whyNotPrepared } from "../../scripts/machine.mjs";
import { packageTarget, vsixPath } from "../../scripts/package.mjs";
import { root } from "../../scripts/paths.mjs";
import { startVSCode } from "../../scripts/vscode-server.mjs";
import { openWorkbench } from "../../scripts/workbench.mjs";
import { runExample } from "../support/programs.mjs";

export type User = ReturnType<typeof createUser>;
export type Server = Awaited<ReturnType<typeof startVSCode>>;
type Program = ReturnType<typeof runExample>;

/** Enough samples in few seconds also where the program gets a tenth of a processor. */
const RATE_HZ = 499;

interface Options {
  /** One of the users of scripts/machine.mjs. */
  readonly user: string;
  readonly sudo: boolean;
  /** Copied into the workspace, which is empty without. */
  readonly example?: string;
  readonly settings?: Record<string, unknown>;
  /** Starts VS Code some other way. */
  readonly start?: (user: User, vsix: string, settings: Record<string, unknown>) => Promise<Server>;
}

/** Prepared before the first test of a file, and taken down after its last. */
export class Stage {
  readonly #programs: Program[] = [];
  #user: User | undefined;
  #server: Server | undefined;
  #example: (Example & { folder: string }) | undefined;
  #page: Page | undefined;

  get user(): User {
    return there(this.#user);
  }

  get server(): Server {
    return there(this.#server);
  }

  get workspace(): string {
    return this.server.workspace;
  }

  get example(): Example & { folder: string } {
    return there(this.#example);
  }

  get page(): Page {
    return there(this.#page);
  }

  /** For what the tests look at with their own eyes. */
  readonly picture = async (name: string): Promise<void> => {
    await this.page.screenshot({ path: path.join(root, ".test/pictures", `${name}.png`) });
  };

  async open({ user, sudo, example, settings, start }: Options, page: Page): Promise<void> {
    this.#user = createUser(user, { sudo });
    // The number may have belonged to a user before.
    await endHelpersOf(this.#user.uid);
    const all = { "flameline.sampleRate": RATE_HZ, ...settings };
    this.#server = await (start ?? startAs)(this.#user, freshVsix(), all);
    if (example !== undefined) {
      this.#example = copyExample(example, this.workspace, this.#user);
    }
    this.#page = page;
    page.setDefaultTimeout(20_000);
    await openWorkbench(page, this.#server);
  }

  /** Runs the example as the user in the workspace. */
  run(...args: string[]): Program {
    const { uid, gid } = this.user;
    const program = runExample(this.example.name, { cwd: this.workspace, uid, gid, args });
    this.#programs.push(program);
    return program;
  }

  /** The newest account of the program that was started first. */
  readonly account = (): Account | undefined => lastAccount(this.#programs[0]?.output() ?? "");

  endPrograms(): void {
    for (const program of this.#programs.splice(0)) {
      program.stop();
    }
  }

  async close(): Promise<void> {
    this.endPrograms();
    await this.#page?.context().close();
    this.#server?.stop();
    if (this.#user !== undefined) {
      await endHelpersOf(this.#user.uid);
      removeUser(this.#user.name);
    }
  }
}

/** The stage of a spec file, whose tests are one story: each begins where the one before ended. */
export function useStage(options: Options): Stage {
  const stage = new Stage();
  test.describe.configure({ mode: "serial" });
  const reason = whyNotPrepared();
  test.skip(reason !== undefined, reason);
  test.beforeAll(async ({ browser }) => {
    test.setTimeout(300_000);
    installPackages();
    const context = await browser.newContext();
    await stage.open(options, await context.newPage());
  });
  test.afterAll(async () => {
    test.setTimeout(60_000);
    await stage.close();
  });
  return stage;
}

function startAs(account: User, vsix: string, settings: Record<string, unknown>): Promise<Server> {
  return startVSCode({ account, vsix, settings });
}

/** The package of what was built last. */
function freshVsix(): string {
  if (process.env["FLAMELINE_VSIX"] !== undefined) {
    return process.env["FLAMELINE_VSIX"];
  }
  const target = `linux-${process.arch}`;
  const built = ["dist", "dist/grammars", "media"].flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) => path.join(root, folder, name)),
  );
  const newest = Math.max(...[path.join(root, "package.json"), ...built].map((file) => statSync(file).mtimeMs));
  const packaged = statSync(vsixPath(target), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (packaged < newest) {
    packageTarget(target);
  }
  return vsixPath(target);
}

/** Process numbers of the helpers (`serve`) that were started for a user. */
export function helpersOf(uid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, command, ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        const isHelper = readlinkSync(`/proc/${pid}/exe`)
          .replace(/ \(deleted\)$/, "")
          .endsWith("/flameline-helper");
        const isFor = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`SUDO_UID=${uid}`) || args.includes(String(uid));
        return isHelper && command === "serve" && isFor;
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
}

/** Ends a user's helpers as an administrator would, and waits until they are gone. */
export async function endHelpersOf(uid: number, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  for (const pid of helpersOf(uid)) {
    process.kill(pid, signal);
  }
  await expect.poll(() => helpersOf(uid), { timeout: 20_000 }).toEqual([]);
}

function there<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("the stage is not open yet");
  }
  return value;
}
