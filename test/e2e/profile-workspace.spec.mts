import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { checkHeatAndFlameGraph } from "../../scripts/check-in-browser.mjs";
import { TEST_USER } from "../../scripts/machine.mjs";
import { answer, quickInput, runCommand, statusBar } from "../../scripts/workbench.mjs";
import { helpersOf, useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python" });
const RIGHTS = "Flameline: Administrator Rights";

test("the password is asked in VS Code, a wrong one is said and asked again", async () => {
  const { page, user } = stage;
  stage.run();
  expect(helpersOf(user.uid), "helpers that run before").toEqual([]);
  await runCommand(page, "Profile This Workspace");
  await expect(quickInput(page, RIGHTS)).toContainText(`Password of ${user.name}`);
  await expect(quickInput(page, RIGHTS).locator("input")).toHaveAttribute("type", "password");
  await answer(page, RIGHTS, "wrong");
  await expect(quickInput(page, RIGHTS)).toContainText("That password was wrong (try 2 of 3)");
  await stage.picture("password-again");
  await answer(page, RIGHTS, user.password);
  await expect(statusBar(page)).toContainText(/\d\/s/, { timeout: 90_000 });
  expect(helpersOf(user.uid)).toHaveLength(1);
});

test("the hot line has heat, its lens is true, and its box in the flame graph leads to it", async () => {
  test.setTimeout(300_000);
  const { page, server, example, account } = stage;
  await checkHeatAndFlameGraph({ page, server, example, account, picture: (name: string) => stage.picture(`workspace-${name}`) });
});
