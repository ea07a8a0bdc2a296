/** Line shares against each example's own account of its CPU time, through the real helper and the real command. */
import { expect, test } from "@playwright/test";
import { accountedExamples, whyNotRunnable } from "../../scripts/examples.mjs";
import { measureAccuracy } from "../bench/accuracy.mjs";
import { freshHelper, OWN_ENV, WHY_NOT } from "../support/flameline.mjs";

const HZ = 999;
/** With fewer samples chance alone could move a share by 5 points. */
const ENOUGH_SAMPLES = 2500;
const MOST_POINTS = 5;
/** Where other programs keep the processors busy, an example gets few samples a second. */
const LONGEST_SECONDS = 80;

let helper: Awaited<ReturnType<typeof freshHelper>> | undefined;

test.beforeAll(async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  helper = await freshHelper();
});
test.afterAll(() => helper?.stop());

for (const name of accountedExamples()) {
  test(`the lines of the ${name} example have the shares that it measured itself`, () => {
    test.setTimeout(400_000);
    const reason = whyNotRunnable(name);
    test.skip(reason !== undefined, reason);
    let seconds = 5;
    let measured = measureAccuracy(name, seconds, HZ, OWN_ENV);
    while (measured.samples < ENOUGH_SAMPLES && seconds < LONGEST_SECONDS) {
      seconds = Math.min(LONGEST_SECONDS, Math.max(2 * seconds, (1.3 * seconds * ENOUGH_SAMPLES) / measured.samples));
      measured = measureAccuracy(name, seconds, HZ, OWN_ENV);
    }
    const { parts, worst, samples, coverage } = measured;
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const table = parts.map((part) => `${part.name} (line ${part.line}): own ${percent(part.own)}, ours ${percent(part.ours)}`);
    const told = `${samples} samples, coverage ${coverage.toFixed(2)}\n${table.join("\n")}`;
    test.info().annotations.push({ type: "accuracy", description: `${name}: worst ${worst.toFixed(2)} points, ${told}` });
    expect(samples, told).toBeGreaterThan(500);
    expect(worst, told).toBeLessThan(MOST_POINTS);
    // The parts' lines hold what the program measured for them, and not something else's time.
    expect(coverage, told).toBeGreaterThan(0.85);
    expect(coverage, told).toBeLessThan(1.35);
  });
}
