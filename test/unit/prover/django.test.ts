/** Proofs with Django itself: a join that brings each row's customer along is proved, and one that would miss what the loop changes is not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { proveFix } from "../../../prover/prove-fix.js";
import type { ProofRecord } from "../../../protocol/fixes.js";
import { pythonWith } from "../../support/python-libraries.mjs";
import { findings, syntax } from "../analysis/offered.js";

const { python, whyNot } = pythonWith(["django==5.2.19"]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-django-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const program = (body: string): string => `from pathlib import Path

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).with_name("shop.sqlite")}},
    )
    django.setup()

from django.db import connection, models


class Customer(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "shop"


class Order(models.Model):
    state = models.TextField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)

    class Meta:
        app_label = "shop"


def work(state, limit):
    found = []
    for order in Order.objects.filter(state=state).order_by("-id")[:limit]:
${body.replaceAll(/^/gm, "        ")}
    return found


if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(Customer)
        editor.create_model(Order)
    people = [Customer.objects.create(name=f"customer {n}") for n in range(40)]
    Order.objects.bulk_create(Order(state=["placed", "sent"][n % 3 == 0], customer=people[n * 7 % 40]) for n in range(90))
    for n in range(30):
        work(["placed", "sent", "lost"][n % 3], [5, 20, 40][n % 3])
`;

async function proof(body: string): Promise<ProofRecord> {
  const [file, text] = [join(folder, "app.py"), program(body)];
  writeFileSync(file, text);
  const finding = (await findings(file, text)).find(({ rule }) => rule === "python-django-select-related");
  if (finding === undefined) throw new Error("nothing was found");
  return proveFix({
    root: folder,
    file,
    text,
    finding,
    process: { commandLine: [python ?? "", "app.py"], workingDirectory: folder },
    copies: join(folder, "..", "flameline-django-copies"),
    harness: join(import.meta.dirname, "../../../prover/python-harness/run.py"),
    syntax,
    environment: process.env,
    // What is bounded elsewhere is a click; here other tests run beside it.
    seconds: 230,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

describe.skipIf(python === undefined)(`with Django${whyNot === undefined ? "" : ` (skipped: ${whyNot})`}`, () => {
  test("a join for each row's customer is proved, with the statements that it saves", async () => {
    const record = await proof("found.append(order.customer.name)");
    expect(record.reason).toBeUndefined();
    expect(record.verdict).toBe("proved");
    expect(record.speedup?.low).toBeGreaterThanOrEqual(1.5);
    // One query for the rows of three calls; and 5 and 20 for their customers before, for the third has no rows.
    expect(record.statements).toEqual({ before: 28, after: 3 });
  }, 240_000);

  test("customers that the loop renames behind Django's back are missed by the join, so it fails", async () => {
    const rename = `Customer.objects.filter(id=order.customer_id).update(name=state)\nfound.append(order.customer.name)`;
    const record = await proof(rename);
    expect(record).toMatchObject({ verdict: "failed", reason: expect.stringContaining("It behaves differently: work(") });
  }, 120_000);

  test("so it does where the program's run leaves nothing to rename", async () => {
    const rename = `Customer.objects.filter(name__startswith="customer").update(name=state)\nfound.append(order.customer.name)`;
    const record = await proof(rename);
    expect(record).toMatchObject({ verdict: "failed", reason: expect.stringContaining("It behaves differently: work(") });
  }, 120_000);
});
