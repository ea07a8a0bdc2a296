import axe from "axe-core";
import { expect, type Frame, type Page } from "@playwright/test";
import { graphFrame } from "../../scripts/workbench.mjs";

/** Looks through the page of the flame graph's tab as it is now for what keeps people out, by the rules of axe-core. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const body = await graphFrame(page).locator("body").elementHandle();
  const frame = await body?.ownerFrame();
  if (!frame) throw new Error("the flame graph's tab is not open");
  await expectAccessibleFrame(frame, what);
}

/** The same of a part of the workbench that shows what is ours: a list of the side bar, the rows of an editor. */
export async function expectAccessiblePart(page: Page, part: string, what: string): Promise<void> {
  await expectAccessibleFrame(page.mainFrame(), what, part);
}

/** The same of any page, or of what a selector finds in it. */
export async function expectAccessibleFrame(frame: Frame, what: string, part = "html"): Promise<void> {
  await frame.evaluate(axe.source);
  const found = await frame.evaluate(async (selector) => {
    const { axe: looking } = globalThis as unknown as { axe: typeof axe };
    // The colours of a language's words are the theme's own: all rules but that of contrast look at them.
    const contrast = await looking.run({ include: [selector], exclude: [".view-line [class*='mtk']"] }, { runOnly: ["color-contrast"] });
    const others = await looking.run(
      { include: [selector] },
      {
        rules: {
          "color-contrast": { enabled: false },
          // A row's two texts touch each other in the workbench's lists, and have a comma between them where they are spoken.
          ...(selector === "html" ? {} : { "label-content-name-mismatch": { enabled: false } }),
        },
      },
    );
    return [...contrast.violations, ...others.violations]
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} ${String(target)}: ${failureSummary ?? ""}`),
      );
  }, part);
  expect(found, `${what} has nothing serious`).toEqual([]);
}
