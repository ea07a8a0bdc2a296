import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RepeatedWish } from "../../../language-server/repeated-wish.js";

/** A client as VS Code is: it asks once no wish came for `pauseMs`, and each wish starts that time anew. */
function client(pauseMs: number): { wish: () => void; asked: () => number; wishes: RepeatedWish } {
  let asked = 0;
  let timer: NodeJS.Timeout | undefined;
  const wish = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      asked++;
      wishes.granted();
    }, pauseMs);
  };
  const wishes = new RepeatedWish(wish, 5000);
  return { wish, asked: () => asked, wishes };
}

describe("a wish that is repeated four times a second", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is granted by a client that waits for a pause of 300 ms", () => {
    const { wishes, asked } = client(300);
    for (let update = 0; update < 40; update++) {
      wishes.request();
      vi.advanceTimersByTime(250);
    }
    expect(asked()).toBeGreaterThanOrEqual(30);
  });

  it("is granted once more after the last update", () => {
    const { wishes, asked } = client(300);
    wishes.request();
    wishes.request();
    vi.advanceTimersByTime(10_000);
    expect(asked()).toBe(2);
  });

  it("is uttered again after some time where nobody asks", () => {
    let sent = 0;
    const wishes = new RepeatedWish(() => sent++, 5000);
    wishes.request();
    wishes.request();
    expect(sent).toBe(1);
    vi.advanceTimersByTime(5000);
    expect(sent).toBe(2);
    wishes.dispose();
  });
});
