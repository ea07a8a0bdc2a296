/** Proofs with SQLAlchemy itself: what only looks right is not proved. That the example's own finding is, with the statements that it saves, test/e2e shows. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { proveFix } from "../../../prover/prove-fix.js";
import type { ProofRecord } from "../../../protocol/fixes.js";
import { prepareExample, whyNotRunnable } from "../../../scripts/examples.mjs";
import { findings, syntax } from "../analysis/offered.js";

const RULE = "python-sqlalchemy-lazy-load";
/** Where the example with its SQLAlchemy lies; or why it doesn't: without a network nothing can be installed. */
const [example, why] = prepared();

function prepared(): readonly [string, undefined] | readonly [undefined, string] {
  const reason = whyNotRunnable("orders");
  if (reason !== undefined) return [undefined, reason];
  try {
    return [prepareExample("orders").folder, undefined];
  } catch (error) {
    return [undefined, String(error)];
  }
}

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "flameline-orm-"));
  folder = join(home, "orders");
  cpSync(example ?? "", folder, { recursive: true, verbatimSymlinks: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Of the first finding in a file, with what is put in its text's place. */
async function proof(name: string, text: string, commandLine: readonly string[]): Promise<ProofRecord> {
  const file = join(folder, name);
  writeFileSync(file, text);
  const finding = (await findings(file, text)).find(({ rule }) => rule === RULE);
  if (finding === undefined) throw new Error("nothing was found");
  return proveFix({
    root: folder,
    file,
    text,
    finding,
    process: { commandLine: [join(folder, ".venv/bin/python"), ...commandLine], workingDirectory: folder },
    copies: join(home, "copies"),
    harness: join(import.meta.dirname, "../../../prover/python-harness/run.py"),
    syntax,
    environment: process.env,
    // What is bounded elsewhere is a click; here other tests run beside it.
    seconds: 230,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

/** A program of one function, with the shop's tables beside it. It is given a session alone, so that few calls are made up. */
function program(body: string, url = "orders.sqlite"): string {
  const indented = body.trim().replaceAll(/^/gm, "    ");
  return `import sys

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Item, Order, open_shop
from traffic import fill

sessions = open_shop(${JSON.stringify(`sqlite:///${url}`)})


def work(session: Session) -> list:
    found = []
${indented}
    return found


if __name__ == "__main__":
    fill(sessions)
    for _ in range(30):
        with sessions() as session:
            work(session)
`;
}

const ROWS = `for order in session.scalars(select(Order).where(Order.state == "placed").order_by(Order.id).limit(20)):`;

describe.skipIf(example === undefined)(`with SQLAlchemy${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  test("items that the loop adds behind the session's back are missed by the change, so it fails, and the user's database is as it was", async () => {
    const body = `${ROWS}
    session.execute(text("INSERT INTO items (product, count, cents, order_id) VALUES ('extra', 1, 1, :id)"), {"id": order.id})
    found.append(len(order.items))`;
    const record = await proof("app.py", program(body), ["app.py"]);
    expect(record).toMatchObject({ verdict: "failed", reason: expect.stringContaining("It behaves differently: work(") });
    expect(() => readFileSync(join(folder, "orders.sqlite"))).toThrow(/ENOENT/);
  }, 120_000);

  test("what is written into the database is compared, too, and each call finds it as it was", async () => {
    const body = `${ROWS}
    loaded = "items" in order.__dict__
    for item in order.items:
        item.count += 1 + loaded
session.commit()`;
    const record = await proof("app.py", program(body), ["app.py"]);
    expect(record).toMatchObject({ verdict: "failed", reason: expect.stringContaining("It behaves differently: work(") });
  }, 120_000);

  test("a database outside of the copy is left alone, and that is said", async () => {
    const record = await proof("app.py", program(`${ROWS}\n    found.append(len(order.items))`, join(home, "elsewhere.sqlite")), [
      "app.py",
    ]);
    expect(record).toMatchObject({
      verdict: "refused",
      reason: expect.stringContaining("works on a database outside of the copy of the workspace"),
    });
    expect(() => readFileSync(join(home, "elsewhere.sqlite"))).toThrow(/ENOENT/);
  }, 60_000);
});
