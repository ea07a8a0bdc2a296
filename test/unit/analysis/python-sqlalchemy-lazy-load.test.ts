import { describe, expect, test } from "vitest";
import type { FileHeat } from "../../../analysis/optimize/heat.js";
import { findings, fixed } from "./offered.js";

const RULE = "python-sqlalchemy-lazy-load";
const HEAD = "from sqlalchemy import select\nfrom sqlalchemy.orm import Session\n\nfrom models import Order\n\n\n";

/** The lines of a function's body, and what they become; "no fix", or why there is none. */
async function fix(body: string, head = HEAD): Promise<string> {
  const indented = body.replaceAll(/^/gm, "    ");
  const text = `${head}def work(session: Session, limit):\n${indented}\n`;
  const found = (await findings("app.py", text)).filter(({ rule }) => rule === RULE);
  const refusal = found.find((each) => each.refusal !== undefined)?.refusal;
  if (refusal !== undefined) return refusal;
  const changed = await fixed("app.py", text, RULE);
  return changed === "no fix"
    ? changed
    : changed
        .slice(changed.indexOf("limit):\n") + 8)
        .replaceAll(/^ {4}/gm, "")
        .trimEnd();
}

const READ = "for order in orders:\n    print(order.customer.name)";

describe("a relationship that is read row by row", () => {
  test.each([
    [
      `orders = session.query(Order).limit(5)\n${READ}`,
      `orders = session.query(Order).options(selectinload(Order.customer)).limit(5)\n${READ}`,
    ],
    [
      `orders = session.scalars(select(Order).where(Order.id > 5)).all()\n${READ}`,
      `orders = session.scalars(select(Order).options(selectinload(Order.customer)).where(Order.id > 5)).all()\n${READ}`,
    ],
    [
      `wanted = select(Order).order_by(Order.id)\norders = session.execute(wanted).scalars().all()\n${READ}`,
      `wanted = select(Order).options(selectinload(Order.customer)).order_by(Order.id)\norders = session.execute(wanted).scalars().all()\n${READ}`,
    ],
    [
      `query = session.query(Order)\nif limit:\n    query = query.limit(limit)\nfor order in query:\n    print(len(order.items))`,
      `query = session.query(Order).options(selectinload(Order.items))\nif limit:\n    query = query.limit(limit)\nfor order in query:\n    print(len(order.items))`,
    ],
    [
      `return [item.price for order in session.query(Order).all() for item in order.items]`,
      `return [item.price for order in session.query(Order).options(selectinload(Order.items)).all() for item in order.items]`,
    ],
    [
      `for n, order in enumerate(session.scalars(select(Order))):\n    customer = order.customer`,
      `for n, order in enumerate(session.scalars(select(Order).options(selectinload(Order.customer)))):\n    customer = order.customer`,
    ],
    [
      `for order in session.query(models.Order)[:50]:\n    print(order.id, order.items[0])`,
      `for order in session.query(models.Order).options(selectinload(models.Order.items))[:50]:\n    print(order.id, order.items[0])`,
    ],
  ])("%s", async (before, after) => {
    expect(await fix(before)).toBe(after);
  });

  test("brings its import along, beside others of the same module or alone", async () => {
    const text = (head: string): Promise<string> =>
      fixed("app.py", `${head}\ndef work(session):\n    for o in session.query(Order):\n        o.items[0]\n`, RULE);
    expect(await text("from sqlalchemy.orm import (\n    Session,\n)\n")).toContain("    Session, selectinload,\n)");
    expect(await text("from models import Order\n")).toMatch(/^from models import Order\nfrom sqlalchemy.orm import selectinload\n\ndef/);
    expect(await text("from sqlalchemy.orm import selectinload\n")).toMatch(/^from sqlalchemy.orm import selectinload\n\ndef/);
    expect(await text("from sqlalchemy.orm import Session\nselectinload = None\n")).toBe("no fix");
  });
});

describe("with the class in the same file", () => {
  const model = (line: string): string => `from sqlalchemy.orm import relationship\n\n\nclass Order(Base):\n    ${line}\n\n\n`;

  test("one row comes with the same query, unless something limits it", async () => {
    const head = model(`customer: Mapped["Customer"] = relationship()`);
    expect(await fix(`orders = session.query(Order)\n${READ}`, head)).toContain(".options(joinedload(Order.customer))");
    expect(await fix(`orders = session.query(Order).limit(9)\n${READ}`, head)).toContain(".options(selectinload(Order.customer))");
  });

  test("collections never come by a join", async () => {
    const head = model(`items: Mapped[list["Item"]] = relationship()`);
    expect(await fix("for order in session.query(Order):\n    len(order.items)", head)).toContain("selectinload(Order.items)");
  });

  test("what is a column there is no relationship", async () => {
    expect(await fix(`orders = session.query(Order)\n${READ}`, model("customer = Column(JSON)"))).toBe("no fix");
  });
});

describe("no fix for", () => {
  test.each([
    ["parts of dates", "for order in session.query(Order):\n    order.placed.year"],
    ["methods of rows", "for order in session.query(Order):\n    order.pay()"],
    ["columns that share their line with a relationship", "for order in session.query(Order):\n    show(order.id, order.state)"],
    ["what is written", "for order in session.query(Order):\n    order.customer = None"],
    ["rows that load anew after a commit in the loop", "for order in session.query(Order):\n    order.customer.name\n    session.commit()"],
    ["what the query loads", "for order in session.query(Order).options(joinedload(Order.customer)):\n    order.customer.name"],
    ["what no loop binds", "order = session.query(Order).first()\norder.customer.name"],
  ])("%s", async (_, body) => {
    expect(await fix(body)).toBe("no fix");
  });

  test("loops in which nothing was asked of the database", async () => {
    const cold: FileHeat = { event: "cpu", total: () => 0.5, hottest: () => 0.5, own: () => 0.5, below: () => 0 };
    const text = `${HEAD}def work(session):\n    for order in session.query(Order):\n        order.customer.name\n`;
    expect((await findings("app.py", text, cold)).filter(({ rule }) => rule === RULE)).toEqual([]);
  });
});

describe("it says why nothing is changed where the query", () => {
  test.each([
    [
      "is another function's",
      "for order in newest(session):\n    order.customer.name",
      /^the query is in newest; add selectinload for customer/,
    ],
    [
      "asks for several kinds of rows",
      "for order in session.execute(select(Order, Item)).scalars():\n    order.customer.name",
      /more than one kind/,
    ],
    ["gives rows with more in them", "for order in session.execute(select(Order)):\n    order.customer.name", /more than one kind/],
    ["comes as an argument", "for order in limit:\n    order.customer.name", /^what limit is, this function doesn't tell/],
    ["chooses its columns", "for order in session.query(Order).with_entities(Order.id):\n    order.customer.name", /chooses its columns/],
  ])("%s", async (_, body, why) => {
    expect(await fix(body)).toMatch(why);
  });

  test("is that of the callers", async () => {
    const [found] = await findings("app.py", "def show(order):\n    return order.customer.name\n");
    expect(found).toMatchObject({ rule: RULE, edits: [], refusal: expect.stringContaining("the callers of show") });
  });
});
