/**
 * What a story in the browser plays on: a user of this machine, VS Code's server as that user with the packaged
 * extension, an example in its workspace. No helper runs until the story starts one.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { type Browser, type BrowserContext, expect, type Page, test } from "@playwright/test";
import { type Account, type Example, copyExample, lastAccount } from "../../scripts/examples.mjs";
import { createUser, installPackages, removeUser, whyNotPrepared } from "../../scripts/machine.mjs";
import { freshPackage } from "../../scripts/package.mjs";
import { root } from "../../scripts/paths.mjs";
import { startVSCode } from "../../scripts/vscode-server.mjs";
import { answer, openWorkbench, quickInput, recordedSamples, runCommand, statusBar } from "../../scripts/workbench.mjs";
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
  /** The tests open their windows themselves, when they have put into the workspace what they need. */
  readonly windowsLater?: boolean;
  /** Starts VS Code some other way. */
  readonly start?: (user: User, vsix: string, settings: Record<string, unknown>) => Promise<Server>;
}

/** The title of the question for the password. */
export const RIGHTS = "Flameline: Administrator Rights";

/** Prepared before the first test of a file, and taken down after its last; each test begins in a window and a workspace of its own. */
export class Stage {
  readonly #programs: Program[] = [];
  #user: User | undefined;
  #server: Server | undefined;
  #example: (Example & { folder: string }) | undefined;
  #page: Page | undefined;
  #context: BrowserContext | undefined;
  #exampleName: string | undefined;

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

  /** A picture of the README, at most 200 kB: made when it is missing, or by FLAMELINE_PICTURES=1 when the looks have changed. */
  async readmePicture(name: string, clip: { x: number; y: number; width: number; height: number }): Promise<void> {
    const file = path.join(root, "docs/pictures", `${name}.png`);
    if (existsSync(file) && process.env["FLAMELINE_PICTURES"] === undefined) {
      return;
    }
    mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file, clip });
    expect(statSync(file).size, `bytes of the README's picture ${name}`).toBeLessThanOrEqual(200_000);
  }

  async open({ user, sudo, example, settings, start }: Options): Promise<void> {
    this.#user = createUser(user, { sudo });
    // The number may have belonged to a user before.
    await endHelpersOf(this.#user.uid);
    const all = { "flameline.sampleRate": RATE_HZ, ...settings };
    this.#server = await (start ?? startAs)(this.#user, freshVsix(), all);
    this.#exampleName = example;
  }

  /** A fresh copy of the example in the workspace, where nothing runs. A helper goes on running. */
  begin(): void {
    for (const name of readdirSync(this.workspace)) {
      // A program that is just being ended may still write.
      rmSync(path.join(this.workspace, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
    if (this.#exampleName !== undefined) {
      this.#example = copyExample(this.#exampleName, this.workspace, this.user);
    }
  }

  /** A new window without memories. What VS Code reads as it starts lies in the workspace by then: it watches a moment later only. `greet` opens it. */
  async openWindow(browser: Browser, greet: (page: Page) => Promise<unknown> = (page) => openWorkbench(page, this.server)): Promise<Page> {
    // One for all, so that VS Code's own code comes from the browser's cache; what the workbench remembers is thrown away.
    this.#context ??= await browser.newContext();
    const page = await this.#context.newPage();
    const devtools = await this.#context.newCDPSession(page);
    const storageTypes = "indexeddb,local_storage,cache_storage,service_workers";
    await devtools.send("Storage.clearDataForOrigin", { origin: new URL(this.server.url).origin, storageTypes });
    this.#page = page;
    page.setDefaultTimeout(20_000);
    await greet(page);
    return page;
  }

  /** What the window says, for a log that is read where its picture can't be. */
  async told(): Promise<string> {
    const said = await this.page.evaluate(() => {
      const texts = (selector: string) =>
        [...document.querySelectorAll<HTMLElement>(selector)].filter((each) => each.checkVisibility()).map((each) => each.innerText);
      const focused = document.activeElement;
      return {
        question: texts(".quick-input-widget"),
        messages: texts(".notification-list-item, .monaco-dialog-box"),
        status: texts('.statusbar-item[id$="flameline.status"]'),
        tabs: texts(".tab.active"),
        keyboard: focused === null ? "" : `${focused.tagName} ${focused.className}`,
      };
    });
    return JSON.stringify(said);
  }

  /** What `begin` began ends. */
  async end(): Promise<void> {
    this.endPrograms();
    for (const page of this.#context?.pages() ?? []) {
      // Left like a page that the user leaves: VS Code then ends its extension host, and that its recording.
      await page.goto("about:blank").catch(() => undefined);
      await page.close();
    }
    this.#page = undefined;
  }

  /** Runs the example as the user in the workspace. */
  run(...args: string[]): Program {
    const { uid, gid } = this.user;
    const program = runExample(this.example.name, { cwd: this.workspace, uid, gid, args });
    this.#programs.push(program);
    return program;
  }

  /**
   * Profile This Workspace, with the password where it is asked for: a helper may run already.
   * @param samples are taken when this resolves
   */
  async record(samples = 0, page = this.page): Promise<void> {
    await runCommand(page, "Profile This Workspace");
    await this.recording(samples, page);
  }

  /** Waits until a recording that was asked for has more than `samples`, and gives the password where it is asked for. */
  async recording(samples = 0, page = this.page): Promise<void> {
    await expect(async () => {
      if (await quickInput(page, RIGHTS).isVisible()) {
        await answer(page, RIGHTS, this.user.password);
      }
      expect(await recordedSamples(page)).toBeGreaterThan(samples);
    }, `more than ${samples} samples`).toPass({ timeout: 120_000, intervals: [250] });
  }

  /** Stops the window's recording and waits until it is kept. */
  async stop(page = this.page): Promise<void> {
    await runCommand(page, "Stop");
    await expect(statusBar(page)).toBeHidden({ timeout: 60_000 });
  }

  /** The line (1-based) of the example's main file, as it is on the disk, that begins with a text. */
  lineOf(begin: string): number {
    const lines = readFileSync(path.join(this.workspace, this.example.main), "utf8").split("\n");
    return lines.findIndex((text) => text.trimStart().startsWith(begin)) + 1;
  }

  /** Writes a file of the workspace as its user. */
  readonly put = (name: string, content: string | Uint8Array): void => {
    const file = path.join(this.workspace, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    spawnSync("chown", ["-R", `${this.user.uid}:${this.user.gid}`, this.workspace]);
  };

  /** The newest account of the program that was started first. */
  readonly account = (): Account | undefined => lastAccount(this.#programs[0]?.output() ?? "");

  endPrograms(): void {
    for (const program of this.#programs.splice(0)) {
      program.stop();
    }
  }

  async close(): Promise<void> {
    await this.end();
    await this.#context?.close();
    this.#server?.stop();
    if (this.#user !== undefined) {
      await endHelpersOf(this.#user.uid);
      removeUser(this.#user.name);
    }
  }
}

/** The stage of a spec file. Its tests need nothing of each other: one that fails leaves the others as they are. */
export function useStage(options: Options): Stage {
  const stage = new Stage();
  const reason = whyNotPrepared();
  test.skip(reason !== undefined, reason);
  test.beforeAll(async () => {
    test.setTimeout(300_000);
    installPackages();
    await stage.open(options);
  });
  test.beforeEach(async ({ browser }) => {
    test.setTimeout(240_000);
    stage.begin();
    if (options.windowsLater !== true) {
      await stage.openWindow(browser);
    }
  });
  test.afterEach(async () => {
    const { status, expectedStatus } = test.info();
    if (status !== expectedStatus) {
      console.log(`the window of the failed test: ${await stage.told().catch(String)}`);
    }
    await stage.end();
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
  return freshPackage(`linux-${process.arch}`);
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
