import type { WaitClass } from "../protocol/events.js";
import type { GroupSums, View } from "./view.js";

/** Of each group what most of its waiting is for; empty for other events. `key` names the grouping; it is computed once a view. */
function mostly(view: View, key: string, sumsOf: (view: View) => Pick<GroupSums, "total">): readonly (WaitClass | undefined)[] {
  return view.once(`mostly ${key}`, () => {
    const best: { waits: WaitClass; total: number }[] = [];
    for (const { waits, view: part } of view.classes()) {
      sumsOf(part).total.forEach((total, group) => {
        if (total > (best[group]?.total ?? 0)) {
          best[group] = { waits, total };
        }
      });
    }
    return Array.from(best, (each) => each?.waits);
  });
}

export function mostlyAt(view: View, key: string, sumsOf: (view: View) => Pick<GroupSums, "total">, group: number): WaitClass | undefined {
  return view.selection.event === "off_cpu" ? mostly(view, key, sumsOf)[group] : undefined;
}

/** For rows, whose member is absent where there is nothing to say. */
export function mostlyMember(waits: WaitClass | undefined): { readonly mostly?: WaitClass } {
  return waits === undefined ? {} : { mostly: waits };
}
