import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RepeatedWish } from "../../../language-server/repeated-wish.js";

/** A client as VS Code is: it asks once no wish came for `askMs`, and draws once no answer came for `drawMs`. */
function client({ askMs, drawMs }: { askMs: number; drawMs: number }) {
  const seen = { wishes: 0, asked: 0, drawn: 0 };
  let asking: NodeJS.Timeout | undefined;
  let drawing: NodeJS.Timeout | undefined;
  const wish = new RepeatedWish(() => {
    seen.wishes++;
    clearTimeout(asking);
    asking = setTimeout(() => {
      seen.asked++;
      wish.granted();
      clearTimeout(drawing);
      drawing = setTimeout(() => seen.drawn++, drawMs);
    }, askMs);
  });
  return { wish, seen };
}

describe("a wish that is repeated four times a second", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is seen about once a second in a client that waits for pauses", () => {
    const { wish, seen } = client({ askMs: 300, drawMs: 375 });
    for (let update = 0; update < 40; update++) {
      wish.request();
      vi.advanceTimersByTime(250);
    }
    expect(seen.drawn).toBeGreaterThanOrEqual(9);
  });

  it("is granted once more after the last update", () => {
    const { wish, seen } = client({ askMs: 300, drawMs: 375 });
    wish.request();
    wish.request();
    vi.advanceTimersByTime(10_000);
    expect(seen).toEqual({ wishes: 2, asked: 2, drawn: 2 });
  });

  it("is uttered again after some time where nobody asks", () => {
    let sent = 0;
    const wish = new RepeatedWish(() => sent++, { pauseMs: 700, patienceMs: 3000 });
    wish.request();
    wish.request();
    expect(sent).toBe(1);
    vi.advanceTimersByTime(3000);
    expect(sent).toBe(2);
    wish.dispose();
  });
});
