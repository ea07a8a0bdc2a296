import { expect, test, type Page } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { openFile, visibleLines } from "../../scripts/workbench.mjs";
import { useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python" });
const FRAMES = 50;
const EVERY_MS = 100;

/** What a person would see flicker or jump in one picture of the editor. */
interface Frame {
  /** Where each line begins, by its number. */
  readonly tops: Readonly<Record<number, number>>;
  /** The lens above each line that has one. */
  readonly lenses: Readonly<Record<number, string>>;
  readonly marks: readonly number[];
}

test("from the first heat on no lens or mark is ever missing, no line moves, and the numbers go on", async () => {
  test.setTimeout(180_000);
  const { page, example } = stage;
  stage.run();
  await openFile(page, example.main, 108);
  await stage.record();
  await expect
    .poll(async () => (await visibleLines(page)).some(({ heat }) => heat !== null), { message: "the first heat", timeout: 90_000 })
    .toBe(true);
  // The lenses come with the first heat or a moment after it: what is looked at begins with them.
  await expect.poll(async () => (await visibleLines(page)).some(({ lens }) => lens !== null), { message: "the first lenses" }).toBe(true);
  const frames = await watch(page);
  await stage.picture("steady");
  expect(frames).toHaveLength(FRAMES);
  expect(losses(frames)).toEqual([]);
  const told = new Set(frames.map(({ lenses }) => Object.values(lenses).join()));
  expect(told.size, "different texts of the lenses in these frames").toBeGreaterThan(2);
});

/** Everything that was in one frame and is missing or elsewhere in a later one. */
function losses(frames: readonly Frame[]): string[] {
  return frames.slice(1).flatMap((frame, index) => {
    const before = frames[index];
    const lost: string[] = [];
    for (const [line, top] of Object.entries(before?.tops ?? {})) {
      const now = frame.tops[Number(line)];
      if (now !== top) {
        lost.push(`frame ${index + 1}: line ${line} moved from ${top} to ${now ?? "nowhere"}`);
      }
    }
    for (const line of Object.keys(before?.lenses ?? {}).filter((line) => !(line in frame.lenses))) {
      lost.push(`frame ${index + 1}: the lens of line ${line} is gone`);
    }
    for (const line of (before?.marks ?? []).filter((line) => !frame.marks.includes(line))) {
      lost.push(`frame ${index + 1}: the mark of line ${line} is gone`);
    }
    return lost;
  });
}

/** Pictures of the editor as data, taken inside the page, each after a frame was drawn. */
function watch(page: Page): Promise<Frame[]> {
  return page.evaluate(
    async ({ count, everyMs }) => {
      const topOf = (element: Element) => Math.round(element.getBoundingClientRect().top);
      const take = (): Frame => {
        const editor = document.querySelector(".editor-group-container.active .monaco-editor") ?? document.body;
        const numbers = [...editor.querySelectorAll(".margin-view-overlays .line-numbers")].map((element) => ({
          line: Number(element.textContent),
          top: topOf(element.parentElement ?? element),
        }));
        const lineAt = (top: number) => numbers.find((each) => Math.abs(each.top - top) <= 4)?.line ?? 0;
        const lenses = [...editor.querySelectorAll(".codelens-decoration")].filter((element) => element.textContent?.includes("total"));
        const marks = [...editor.querySelectorAll(".glyph-margin-widgets .cgmr")].filter(
          (element) =>
            getComputedStyle(element).backgroundImage !== "none" || getComputedStyle(element, "::before").backgroundImage !== "none",
        );
        return {
          tops: Object.fromEntries(numbers.map(({ line, top }) => [line, top])),
          lenses: Object.fromEntries(
            lenses.map((element) => [lineAt(Math.round(element.getBoundingClientRect().bottom)), element.textContent ?? ""]),
          ),
          marks: [...new Set(marks.map((element) => lineAt(topOf(element))))],
        };
      };
      const frames: Frame[] = [];
      for (let index = 0; index < count; index++) {
        await new Promise((resolve) => setTimeout(resolve, everyMs));
        await new Promise((resolve) => requestAnimationFrame(resolve));
        frames.push(take());
      }
      return frames;
    },
    { count: FRAMES, everyMs: EVERY_MS },
  );
}
