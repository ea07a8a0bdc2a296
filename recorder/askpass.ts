/**
 * Lets `sudo -A` ask in the program's own window, over SSH too. sudo runs a generated shim, the shim runs the
 * askpass bundle with node, and that fetches the password over a Unix socket in a folder that only this user may enter.
 *
 *   sudo -A ──runs──► shim ──execs──► askpass.js ──{prompt}──► socket ──► askPassword()
 *                                     stdout ◄──────password────────────┘
 *
 * The password is never in a file, an argument, the environment or the log. Only processes of this user can reach the
 * socket, while it is open; they could as well replace the program that asks.
 */
import { randomBytes } from "node:crypto";
import { accessSync, constants, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { shellQuote } from "./commands.js";
import type { Machine } from "./machine.js";
import { makeScratchFolder } from "./scratch-folder.js";

/** sudo's own default (passwd_tries in sudoers). */
const PASSWORD_TRIES = 3;
/** sun_path is 108 bytes with its end mark. */
const MAX_SOCKET_PATH = 107;

/** Asks the user; undefined when the user gives none. `prompt` is a whole sentence. */
export type AskPassword = (prompt: string) => Promise<string | undefined>;

export interface AskpassOutcome {
  readonly asked: number;
  readonly cancelled: boolean;
}

/** The askpass of one start. */
export class Askpass {
  /** For SUDO_ASKPASS. */
  readonly shimPath: string;
  /** Time for which the user has been asked so far, ms. */
  askedForMs = 0;
  readonly #folder: string;
  readonly #server: Server;
  readonly #ask: AskPassword;
  #asked = 0;
  #wrong = 0;
  #lastPrompt = "";
  #cancelled = false;
  #waiting = 0;

  private constructor(folder: string, shimPath: string, ask: AskPassword) {
    this.#folder = folder;
    this.shimPath = shimPath;
    this.#ask = ask;
    this.#server = createServer((socket) => this.#serve(socket));
    process.once("exit", this.#remove);
  }

  /** Throws when no temporary folder allows running programs. */
  static async open(machine: Machine, askpassPath: string, ask: AskPassword): Promise<Askpass> {
    const { folder, shimPath, socketPath } = makeShim(machine, askpassPath);
    const askpass = new Askpass(folder, shimPath, ask);
    await new Promise<void>((resolve, reject) => {
      askpass.#server.once("error", reject);
      askpass.#server.listen(socketPath, resolve);
    });
    return askpass;
  }

  get outcome(): AskpassOutcome {
    return { asked: this.#asked, cancelled: this.#cancelled };
  }

  /** Whether the user is being asked right now. */
  get waiting(): boolean {
    return this.#waiting > 0;
  }

  close(): void {
    this.#server.close();
    process.off("exit", this.#remove);
    this.#remove();
  }

  /** Also when the window is closed while the user is asked. */
  readonly #remove = (): void => {
    rmSync(this.#folder, { recursive: true, force: true });
  };

  #serve(socket: Socket): void {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > 4_096) socket.destroy();
      const end = text.indexOf("\n");
      if (end < 0) return;
      socket.removeAllListeners("data");
      void this.#answer(socket, text.slice(0, end));
    });
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    const prompt = readPrompt(line);
    if (prompt === undefined || this.#cancelled || this.#waiting > 0) return void socket.destroy();
    // The same question again means that the answer was wrong; another one (a one-time code) is a second step.
    this.#wrong = prompt === this.#lastPrompt ? this.#wrong + 1 : 0;
    this.#lastPrompt = prompt;
    this.#asked++;
    this.#waiting++;
    const began = performance.now();
    const password = await this.#ask(sentenceFor(prompt, this.#wrong)).catch(() => undefined);
    this.#waiting--;
    this.askedForMs += performance.now() - began;
    if (password === undefined) this.#cancelled = true;
    socket.end(`${JSON.stringify(password === undefined ? {} : { password })}\n`);
  }
}

/** The question as the user reads it. */
function sentenceFor(prompt: string, wrong: number): string {
  const question = `Flameline records through the kernel, which needs root. ${prompt.trim().replace(/:$/, "")} (goes to sudo only, is not kept)`;
  return wrong === 0 ? question : `That password was wrong (try ${wrong + 1} of ${PASSWORD_TRIES}). ${question}`;
}

function readPrompt(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const prompt = typeof value === "object" && value !== null && "prompt" in value ? value.prompt : undefined;
    return typeof prompt === "string" ? prompt.slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}

/** A fresh folder with the shim, where programs may be run. */
function makeShim(machine: Machine, askpassPath: string): { folder: string; shimPath: string; socketPath: string } {
  try {
    return makeScratchFolder(machine.env, (folder) => {
      const socketPath = join(folder, randomBytes(8).toString("hex"));
      if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) throw new Error(`${socketPath} is too long for a socket`);
      const shimPath = join(folder, "askpass");
      writeFileSync(shimPath, shimText(machine.nodePath, askpassPath, socketPath), { mode: 0o700, flag: "wx" });
      accessSync(shimPath, constants.X_OK);
      return { folder, shimPath, socketPath };
    });
  } catch (error) {
    throw new Error("no temporary folder allows running programs", { cause: error });
  }
}

/** Node options of the window (a debugger, for one) must not reach the process that holds the password. */
function shimText(nodePath: string, askpassPath: string, socketPath: string): string {
  return `#!/bin/sh
unset NODE_OPTIONS VSCODE_INSPECTOR_OPTIONS
ELECTRON_RUN_AS_NODE=1
export ELECTRON_RUN_AS_NODE
exec ${shellQuote(nodePath)} ${shellQuote(askpassPath)} ${shellQuote(socketPath)} "$1"
`;
}
