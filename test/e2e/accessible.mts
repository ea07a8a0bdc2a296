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

/** The same of any page. */
export async function expectAccessibleFrame(frame: Frame, what: string): Promise<void> {
  await frame.evaluate(axe.source);
  const found = await frame.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} ${String(target)}: ${failureSummary ?? ""}`),
      );
  });
  expect(found, `${what} has nothing serious`).toEqual([]);
}
