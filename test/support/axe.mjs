// What axe-core finds wrong for people with disabilities in the flame graph's page.
import axe from "axe-core";

/**
 * Serious and critical findings of a frame as `rule: selectors`. Nothing is loaded by the page, whose security policy would refuse it.
 * @param {import("@playwright/test").Frame} frame
 * @returns {Promise<string[]>}
 */
export async function findingsOf(frame) {
  await frame.evaluate(axe.source);
  const { violations } = await frame.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary})`).join("; ")}`);
}
