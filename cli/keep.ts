/** `flameline record --keep`: goes on until Ctrl-C within its budget, and keeps the last minutes in a folder. */
import { connectHelper } from "../recorder/connect-helper.js";
import { type Failure, failureText, FlamelineError } from "../recorder/failures.js";
import { identityBehindSudo } from "../recorder/identity.js";
import { rateText } from "../recorder/keep/keep-figures.js";
import { Keeper, type KeepState } from "../recorder/keep/keeper.js";
import { Ring } from "../recorder/keep/ring.js";
import { EXIT, type World } from "./command.js";
import { helperOptions } from "./helper-options.js";
import type { Interrupts } from "./interrupts.js";
import { grouped, percent } from "./numbers.js";
import type { KeepPlan, RecordPlan } from "./record-plan.js";
import { checkEvents, wireTarget } from "./record-target.js";

/** Half of 1 GB is more than a helper ever took; it is there so that a mistake of ours can't cost a day's work. */
const MEMORY_BYTES = 512e6;

export async function keepRecording(plan: RecordPlan, keep: KeepPlan, world: World, interrupts: Interrupts): Promise<number> {
  const say = (line: string): void => world.err(`flameline: ${line}\n`);
  const owner = identityBehindSudo(world.machine);
  const ring = await Ring.open(plan.output, { minutes: keep.minutes, bytes: keep.bytes }, { name: plan.name, owner });
  let latest: KeepState = { kind: "starting" };
  let ran = false;
  let giveUp: (failure: Failure) => void = () => undefined;
  // Nothing has been kept yet, and trying for ever would hide what is wrong.
  const hopeless = new Promise<Failure>((resolve) => (giveUp = resolve));
  const keeper = new Keeper(
    {
      ring,
      budget: { cpuShare: keep.cpuShare, memoryBytes: MEMORY_BYTES, maxHz: Math.min(plan.hz, 99) },
      ownCpuNs,
      connect: (mayAsk, signal) => {
        const options = helperOptions(world);
        return connectHelper({ ...options, elevation: mayAsk ? options.elevation : {}, signal });
      },
      plan: (connection) => {
        checkEvents(plan, connection);
        return Promise.resolve({ target: wireTarget(plan.target, undefined), events: plan.events });
      },
      onState: (state) => {
        if (state.kind === "waiting" && !ran) giveUp(state.failure);
        else if (state.kind === "waiting")
          say(`${new FlamelineError(state.failure).message} It goes on by itself: next try in ${state.seconds} s.`);
        if (state.kind === "running" && latest.kind !== "running") {
          say(`keeping the last ${keep.minutes} minutes in ${plan.output}; Ctrl-C ends it.`);
        }
        ran ||= state.kind === "running";
        latest = state;
      },
      log: say,
    },
    true,
  );
  const draw = world.terminal ? setInterval(() => world.err(`\r\u001b[K${line(latest)}`), 2_000) : undefined;
  const timer = plan.seconds === undefined ? undefined : setTimeout(() => void keeper.stop(), plan.seconds * 1_000);
  const failure = await Promise.race([keeper.over, hopeless, interrupts.first.then(() => undefined)]);
  clearInterval(draw);
  clearTimeout(timer);
  await keeper.stop();
  if (failure !== undefined && !ran) throw new FlamelineError(failure);
  if (failure !== undefined) say(failureText(failure));
  say(`kept in ${plan.output}; read it with flameline report.`);
  return EXIT.done;
}

/** All of this process: it does nothing else. */
function ownCpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

function line(state: KeepState): string {
  if (state.kind !== "running") return state.kind === "waiting" ? `Waiting: ${new FlamelineError(state.failure).message}` : "Preparing…";
  const { hz, reason, share, samples, unread } = state.figures;
  const waiting = unread === 0 ? "" : ` · ${grouped(unread)} ${unread === 1 ? "process" : "processes"} not read yet`;
  return `${rateText(hz, reason)} · cost ${percent(share ?? 0)} · ${grouped(samples)} samples${waiting} · Ctrl-C ends it`;
}
