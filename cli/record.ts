/** `flameline record`: samples a command, a process or a folder's processes into a pprof file. */
import { setTimeout as passing } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { encodePprof } from "../profile/formats/pprof-encode.js";
import { Recording } from "../profile/recording.js";
import { BOXED_EVENTS } from "../protocol/events.js";
import type { HelperMessage, Target } from "../protocol/helper.js";
import { connectHelper } from "../recorder/connect-helper.js";
import type { DebugFileCounts } from "../recorder/debug-files.js";
import { debuginfodOf } from "../recorder/debuginfod.js";
import { failureText, FlamelineError, type Failure, type TargetName } from "../recorder/failures.js";
import type { HelperConnection } from "../recorder/helper-connection.js";
import { identityBehindSudo } from "../recorder/identity.js";
import { type CommandEnd, commandEndText, type GatedCommand, startGated } from "../recorder/launch.js";
import { type ActiveRecording, record, type RecordingResult } from "../recorder/record.js";
import { type Command, EXIT, type World } from "./command.js";
import { helperOptions } from "./helper-options.js";
import { type Interrupts, listenForInterrupts } from "./interrupts.js";
import { lossPhrases } from "./loss-text.js";
import { keepRecording } from "./keep.js";
import { grouped, secondsText } from "./numbers.js";
import { writeOutput } from "./output-file.js";
import { Progress } from "./progress.js";
import { checkEvents, wireTarget } from "./record-target.js";
import { type RecordPlan, type RecordTarget, readRecordPlan } from "./record-plan.js";

/** How long the command's end waits for downloads of debug information; they are kept for the next recording as far as they came whole. */
const PATIENCE_MS = 60_000;
/** How long a command waits for the probes of its allocator, which are there within 2 s where the kernel allows any. */
const PROBES_MS = 4_000;

export const recordCommand: Command = {
  usage:
    "record [-o FILE] [--seconds N] [--hz 99] [--events cpu,off_cpu] [--allocations-for 10] [--keep [--minutes 30] [--megabytes 256] [--cpu 1]] [--pid N | --workspace DIR | -- COMMAND…]",
  summary: "Records into a pprof file; without a target, the processes of this folder until Ctrl-C.",
  run: runRecord,
};

async function runRecord(args: readonly string[], world: World): Promise<number> {
  const plan = readRecordPlan(args, world.cwd, Date.now());
  const interrupts = listenForInterrupts();
  try {
    if (plan.keep !== undefined) return await keepRecording(plan, plan.keep, world, interrupts);
    const connection = await connectHelper({ ...helperOptions(world), signal: interrupts.aborted });
    try {
      return await new RecordRun(plan, world, interrupts, connection).run();
    } finally {
      connection.close();
    }
  } finally {
    interrupts.dispose();
  }
}

class RecordRun {
  readonly #plan: RecordPlan;
  readonly #world: World;
  readonly #interrupts: Interrupts;
  readonly #connection: HelperConnection;
  readonly #progress: Progress;
  #recording = Recording.empty();
  #followed: () => void = () => undefined;
  /** Settles when allocations are followed. */
  readonly #following = new Promise<void>((settle) => {
    this.#followed = settle;
  });

  constructor(plan: RecordPlan, world: World, interrupts: Interrupts, connection: HelperConnection) {
    this.#plan = plan;
    this.#world = world;
    this.#interrupts = interrupts;
    this.#connection = connection;
    this.#progress = new Progress(world);
  }

  async run(): Promise<number> {
    checkEvents(this.#plan, this.#connection);
    const { target } = this.#plan;
    const command = target.kind === "command" ? await startGated(target.program, target.args, this.#world) : undefined;
    let active: ActiveRecording;
    try {
      active = await this.#start(wireTarget(target, command));
    } catch (error) {
      this.#progress.close();
      await command?.stop();
      throw error;
    }
    if (command !== undefined && this.#plan.events.some((event) => BOXED_EVENTS.has(event))) await this.#untilFollowed(active, command);
    command?.release();
    const result = await this.#waitForEnd(active, command);
    this.#progress.close();
    if (result.failure !== undefined && result.samples === 0) {
      await command?.stop();
      throw new FlamelineError(result.failure);
    }
    return this.#write(result, command);
  }

  /** What a program allocates first is what it is made of, so it begins when there are probes, or when there won't be any. */
  async #untilFollowed(active: ActiveRecording, command: GatedCommand): Promise<void> {
    const late = passing(PROBES_MS, undefined, { ref: false });
    await Promise.race([this.#following, active.ended, this.#interrupts.first, command.ended, late]);
  }

  #start(target: Target): Promise<ActiveRecording> {
    const { events, hz, seconds, allocationSeconds } = this.#plan;
    const from = debuginfodOf(this.#world.env);
    this.#progress.preparing();
    return record({
      connection: this.#connection,
      target,
      events,
      hz,
      ...(allocationSeconds === undefined ? {} : { allocationSeconds }),
      ...(seconds === undefined ? {} : { seconds }),
      signal: this.#interrupts.aborted,
      ...(from === undefined ? {} : { debugFiles: { from, patienceMs: PATIENCE_MS, goesOn: false } }),
      onMessage: (_, message) => this.#receive(message),
    });
  }

  #receive(message: HelperMessage): void {
    switch (message.type) {
      case "started":
        this.#recording = Recording.fromStarted(message, this.#plan.name);
        this.#progress.recording(() => ({ samples: this.#recording.samples.length, lost: this.#recording.loss.lost }));
        return;
      case "batch":
        return this.#recording.append(message);
      case "stopped":
        return this.#recording.stop(message);
      case "rate":
        return this.#recording.setRate(message);
      case "allocations":
        if (message.state === "open") this.#followed();
        return this.#recording.setAllocations(message);
      case "progress":
      case "hello":
      case "processes":
      case "error":
        return;
    }
  }

  /** Whatever comes first ends the recording: its own end, the command's, or a signal. */
  async #waitForEnd(active: ActiveRecording, command: GatedCommand | undefined): Promise<RecordingResult> {
    const first = await Promise.race([
      active.ended.then(() => "recording" as const),
      this.#interrupts.first,
      ...(command === undefined ? [] : [command.ended.then(() => "command" as const)]),
    ]);
    if (first === "recording") {
      const result = await active.ended;
      // The time is up. Where the helper is lost instead, the user's command goes on.
      if (result.reason === "requested") void command?.stop();
      return result;
    }
    if (first !== "command") void command?.stop(first);
    // A command may end at once, before the helper has even seen it: its last samples come with the last batch.
    return active.stop();
  }

  async #write(result: RecordingResult, command: GatedCommand | undefined): Promise<number> {
    // Written before the command's end is waited for: a command that lingers must not cost the recording.
    if (result.reason === "helper-lost" || result.reason === "failed") await this.#writeFile(undefined);
    void this.#interrupts.first.then((signal) => command?.stop(signal));
    const end = await command?.ended;
    await this.#writeFile(end);
    this.#tell(result, end);
    return EXIT.done;
  }

  async #writeFile(end: CommandEnd | undefined): Promise<void> {
    const { name, output } = this.#plan;
    if (end !== undefined) this.#recording.setInfo({ name: `${name} (${commandEndText(end)})` });
    await writeOutput(output, gzipSync(encodePprof(this.#recording)), identityBehindSudo(this.#world.machine));
  }

  #tell(result: RecordingResult, end: CommandEnd | undefined): void {
    const say = (line: string): void => this.#world.err(`${line}\n`);
    const sayFailure = (failure: Failure): void => say(`flameline: ${failureText(failure)}`);
    if (end !== undefined) say(`flameline: the command ended with ${commandEndText(end)}.`);
    if (result.failure !== undefined) sayFailure(result.failure);
    const seconds = result.durationNs / 1e9;
    if (result.samples === 0) sayFailure({ kind: "nothing-recorded", target: targetName(this.#plan.target), seconds });
    for (const warning of this.#recording.warnings) say(`flameline: ${warning}`);
    if (result.debugFiles !== undefined) for (const line of fetchedText(result.debugFiles)) say(`flameline: ${line}`);
    const missing = lossPhrases(this.#recording.loss).join(", ");
    say(`${grouped(result.samples)} samples in ${secondsText(seconds)} (${missing}): ${this.#plan.output}`);
  }
}

function fetchedText({ downloaded, missing, failed, failure }: DebugFileCounts): string[] {
  const files = (count: number): string => `${grouped(count)} ${count === 1 ? "file" : "files"}`;
  return [
    ...(downloaded > 0 ? [`debug information of ${files(downloaded)} was downloaded.`] : []),
    ...(missing > 0 ? [`no server of DEBUGINFOD_URLS has debug information of ${files(missing)}.`] : []),
    ...(failed > 0 ? [`${failure ?? ""}${failed > 1 ? ` ${grouped(failed - 1)} more failed.` : ""} Record again to try again.`] : []),
  ];
}

function targetName(target: RecordTarget): TargetName {
  switch (target.kind) {
    case "process":
      return target;
    case "workspace":
      return { kind: "workspace", folders: [target.folder] };
    case "command":
      return { kind: "command", name: target.program };
  }
}
