import { describe, expect, test } from "vitest";
import type { FileHeat } from "../../../analysis/optimize/heat.js";
import { applyEdits } from "../../../analysis/optimize/finding.js";
import { findings } from "./offered.js";

const ONE = "django.db.models.fields.related_descriptors.get_object";

/** As Django's own frames tell it: what lies below the line is one row's query, or that of many. */
function heatOf(many: boolean): FileHeat {
  const below = (_: number, __: number, callee: string): number =>
    callee === (many ? "django.db.models.query._fetch_all" : ONE) ? 0.3 : 0;
  return { event: "cpu", total: () => 0.5, hottest: () => 0.5, own: () => 0.5, below };
}

async function fix(body: string, many: boolean): Promise<string> {
  const head = "def work(limit):\n";
  const text = `${head}${body.replaceAll(/^/gm, "    ")}\n`;
  const found = (await findings("app.py", text, heatOf(many))).find(({ rule }) => rule.startsWith("python-django"));
  if (found === undefined) return "no fix";
  return found.refusal ?? applyEdits(text, found.edits).slice(head.length).replaceAll(/^ {4}/gm, "").trimEnd();
}

describe("one row for each row", () => {
  test.each([
    [
      "for loan in Loan.objects.filter(days=limit):\n    print(loan.book.author.name)",
      'for loan in Loan.objects.select_related("book__author").filter(days=limit):\n    print(loan.book.author.name)',
    ],
    [
      "for relation in project.repository.relations.filter(old=False):\n    print(relation.account.name)",
      'for relation in project.repository.relations.select_related("account").filter(old=False):\n    print(relation.account.name)',
    ],
    [
      "for order in Order.objects.filter(state=1)[:limit]:\n    print(order.customer.name)",
      'for order in Order.objects.select_related("customer").filter(state=1)[:limit]:\n    print(order.customer.name)',
    ],
    [
      "orders = models.Order.objects.all()\nreturn [order.customer.name for order in orders]",
      'orders = models.Order.objects.select_related("customer").all()\nreturn [order.customer.name for order in orders]',
    ],
    [
      "for order in Order.objects.only('id'):\n    order.customer.name",
      "for order in Order.objects.prefetch_related(\"customer\").only('id'):\n    order.customer.name",
    ],
  ])("%s", async (before, after) => {
    expect(await fix(before, false)).toBe(after);
  });

  test.each([
    ["what the query brings along", "for order in Order.objects.select_related('customer'):\n    order.customer.name"],
    ["parts of dates", "for order in Order.objects.all():\n    order.placed.year"],
    ["managers", "for order in Order.objects.all():\n    order.items.filter(count=1)"],
  ])("no fix for %s", async (_, body) => {
    expect(await fix(body, false)).toBe("no fix");
  });
});

describe("many rows for each row", () => {
  test("they are prefetched", async () => {
    expect(await fix("for order in Order.objects.all():\n    for item in order.items.all():\n        print(item)", true)).toBe(
      'for order in Order.objects.prefetch_related("items").all():\n    for item in order.items.all():\n        print(item)',
    );
  });

  test.each([
    ["filters, which no prefetch serves", "for order in Order.objects.all():\n    list(order.items.filter(count=1))"],
    ["filters behind all", "for order in Order.objects.all():\n    list(order.items.all().filter(count=1))"],
    ["what is prefetched", "for order in Order.objects.prefetch_related('items'):\n    list(order.items.all())"],
  ])("no fix for %s", async (_, body) => {
    expect(await fix(body, true)).toBe("no fix");
  });
});

test.each([
  [
    "in another function",
    "for order in newest(limit):\n    list(order.items.all())",
    /^the query is in newest; add prefetch_related\("items"\)/,
  ],
  ["given", "for order in limit:\n    list(order.items.all())", /^what limit is/],
  ["of plain values", "for order in Order.objects.values():\n    list(order.items.all())", /^values gives no rows/],
  ["read in pieces", "for order in Order.objects.iterator():\n    list(order.items.all())", /^iterator gives no rows/],
])("it says why nothing is changed where the rows are %s", async (_, body, why) => {
  expect(await fix(body, true)).toMatch(why);
});

describe("rows that are inserted one by one", () => {
  const loop = async (body: string, head = ""): Promise<string> => {
    const text = `${head}def work(rows):\n${body.replaceAll(/^/gm, "    ")}\n`;
    const heat: FileHeat = { event: "cpu", total: () => 0.5, hottest: () => 0.5, own: () => 0.5, below: () => 0.3 };
    const found = (await findings("app.py", text, heat)).find(({ rule }) => rule === "python-django-create-in-loop");
    return found === undefined ? "no fix" : (applyEdits(text, found.edits).split("\n")[1]?.trim() ?? "");
  };

  test("go in together", async () => {
    expect(await loop("for row in rows:\n    Order.objects.create(state=row)")).toBe(
      "Order.objects.bulk_create([Order(state=row) for row in rows])",
    );
    expect(await loop("for n, row in a, b:\n    Order.objects.create(**row)")).toBe(
      "Order.objects.bulk_create([Order(**row) for n, row in (a, b)])",
    );
  });

  test.each([
    ["other statements", "for row in rows:\n    Order.objects.create(state=row)\n    print(row)"],
    ["results that are used", "for row in rows:\n    order = Order.objects.create(state=row)"],
    ["comments that would be lost", "for row in rows:\n    # each\n    Order.objects.create(state=row)"],
    ["an end of its own", "for row in rows:\n    Order.objects.create(state=row)\nelse:\n    print(1)"],
    ["variables that are read later", "for row in rows:\n    Order.objects.create(state=row)\nprint(row)"],
    ["no loop", "Order.objects.create(state=rows)"],
  ])("no fix for %s", async (_, body) => {
    expect(await loop(body)).toBe("no fix");
  });

  test("nor where the class saves itself", async () => {
    const head = "class Order(models.Model):\n    def save(self):\n        pass\n\n\n";
    expect(await loop("for row in rows:\n    Order.objects.create(state=row)", head)).toBe("no fix");
  });
});
