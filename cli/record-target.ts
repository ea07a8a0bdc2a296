/** What a `flameline record` line means to the helper. */
import type { Target } from "../protocol/helper.js";
import { FlamelineError } from "../recorder/failures.js";
import type { HelperConnection } from "../recorder/helper-connection.js";
import type { GatedCommand } from "../recorder/launch.js";
import type { RecordPlan, RecordTarget } from "./record-plan.js";

/** Throws where the helper can't record what is asked for. */
export function checkEvents(plan: RecordPlan, { hello }: HelperConnection): void {
  const events = plan.events.filter((event) => !hello.events.includes(event));
  if (events.length > 0) throw new FlamelineError({ kind: "events-unavailable", events, available: hello.events });
}

export function wireTarget(target: RecordTarget, command: GatedCommand | undefined): Target {
  switch (target.kind) {
    case "process":
      return { kind: "process", pid: target.pid, children: true };
    case "workspace":
      return { kind: "workspace", folders: [target.folder], excludePids: [process.pid], excludeTrees: [], excludePrograms: [] };
    case "command":
      return { kind: "process", pid: command?.pid ?? 0, children: true };
  }
}
