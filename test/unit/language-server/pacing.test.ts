import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Paced } from "../../../language-server/pacing.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** An update that takes no time, and the moments (ms) of its runs. */
function paced(later: () => number): { paced: Paced; runs: number[] } {
  const began = performance.now();
  const runs: number[] = [];
  const action = async (): Promise<void> => {
    runs.push(Math.round(performance.now() - began));
  };
  return { paced: new Paced({ soon: 250, later }, action, () => undefined), runs };
}

describe("updates", () => {
  test("the first comes at once, more samples of a long recording later, what a person did soon", async () => {
    const { paced: updates, runs } = paced(() => 2000);
    updates.request("later");
    await vi.advanceTimersByTimeAsync(100);
    updates.request("later");
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toEqual([0]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toEqual([0, 2000]);
    await vi.advanceTimersByTimeAsync(20);
    updates.request("later");
    updates.request();
    updates.request("later");
    await vi.advanceTimersByTimeAsync(300);
    expect(runs).toEqual([0, 2000, 2250]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(runs).toHaveLength(3);
  });

  test("a young recording's samples come no faster than four times a second", async () => {
    const { paced: updates, runs } = paced(() => 1);
    for (let ms = 0; ms < 990; ms += 10) {
      updates.request("later");
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(runs).toHaveLength(4);
  });
});
