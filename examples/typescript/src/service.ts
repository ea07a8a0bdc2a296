// A web service for orders and the clients that call it, in one process.
//
//   node dist/service.js [SIZE] [--seconds N]
//
// SIZE is the number of items in an order (default 100). With --seconds it stops after that time, else it runs until it
// is stopped. It prints its own account once a second: the share that each of its parts used of the CPU time of handling
// requests.
import { readFileSync } from "node:fs";
import { type AddressInfo } from "node:net";
import { createServer, request as httpRequest, type Server } from "node:http";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { Account, type Place } from "./account";

const Item = z.object({
  sku: z.string().regex(/^[A-Z]{3}-\d{4}$/),
  quantity: z.number().int().min(1).max(99),
  cents: z.number().int().nonnegative(),
  notes: z.array(z.string().max(80)).optional(),
});
const Order = z.object({ customer: z.string().min(1), country: z.enum(["DE", "FR", "NL", "SE"]), items: z.array(Item).min(1) });
type Order = z.infer<typeof Order>;

interface Priced {
  readonly customer: string;
  readonly lines: readonly { readonly sku: string; readonly cents: number }[];
  readonly totalCents: number;
}

const VAT: Readonly<Record<Order["country"], number>> = { DE: 19, FR: 20, NL: 21, SE: 25 };

/** A small generator (Park and Miller, 1988), so that each run does the same work. */
class Random {
  private state = 20260101;

  next(limit: number): number {
    this.state = (this.state * 48271) % 2147483647;
    return this.state % limit;
  }
}

/** The text of an order as a client would send it. */
function writeOrder(size: number, random: Random): string {
  const letters = "ABCDEFGH";
  const letter = () => letters[random.next(letters.length)] ?? "A";
  const items = Array.from({ length: size }, () => ({
    sku: `${letter()}${letter()}${letter()}-${1000 + random.next(9000)}`,
    quantity: 1 + random.next(99),
    cents: random.next(100_000),
    notes: [`note ${random.next(1000)}`, `shelf ${random.next(50)}`],
  }));
  const countries = Object.keys(VAT);
  return JSON.stringify({ customer: `customer ${random.next(500)}`, country: countries[random.next(countries.length)], items });
}

/** Checks an order against its schema. */
function checkOrder(body: string): Order {
  return Order.parse(JSON.parse(body));
}

/** The discount of an item in percent: the more of the same kind, the more. */
function discountOf(order: Order, sku: string): number {
  let same = 0;
  for (const item of order.items) {
    if (item.sku.slice(0, 2) === sku.slice(0, 2)) {
      same += item.quantity;
    }
  }
  return Math.min(30, Math.floor(same / 20));
}

/** Prices each item, with discount and tax. */
function priceOrder(order: Order): Priced {
  const lines = order.items.map((item) => {
    const net = item.quantity * item.cents * (1 - discountOf(order, item.sku) / 100);
    return { sku: item.sku, cents: Math.round(net * (1 + VAT[order.country] / 100)) };
  });
  return { customer: order.customer, lines, totalCents: lines.reduce((sum, line) => sum + line.cents, 0) };
}

/** The books: the last orders of each customer, kept in order. */
class Books {
  private readonly orders: Priced[] = [];

  add(order: Priced): void {
    this.orders.push(order);
    if (this.orders.length > 300) {
      this.orders.shift();
    }
  }

  /** The customers by what they spent, the largest first. */
  ranking(): { customer: string; totalCents: number }[] {
    const totals = new Map<string, number>();
    for (const order of this.orders) {
      totals.set(order.customer, (totals.get(order.customer) ?? 0) + order.totalCents);
    }
    return [...totals].map(([customer, totalCents]) => ({ customer, totalCents })).sort((a, b) => b.totalCents - a.totalCents || a.customer.localeCompare(b.customer));
  }
}

/** Writes the answer as HTML, every text escaped. */
function renderAnswer(priced: Priced, ranking: readonly { customer: string; totalCents: number }[]): string {
  const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const money = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
  const lines = priced.lines.map((line) => `<li>${escape(line.sku)}: ${money.format(line.cents / 100)}</li>`).join("");
  const best = ranking
    .slice(0, 20)
    .map((row) => `<tr><td>${escape(row.customer)}</td><td>${money.format(row.totalCents / 100)}</td></tr>`)
    .join("");
  return `<h1>${escape(priced.customer)}</h1><ul>${lines}</ul><table>${best}</table>`;
}

/** Where handle() calls a function: the line of the TypeScript source that carries its name. */
function place(name: string): Place {
  const source = readFileSync(path.join(__dirname, "../src/service.ts"), "utf8").split("\n");
  return { file: "src/service.ts", function: name, line: source.findIndex((text) => text.includes(`() => ${name}(`) || text.includes(`.${name}()`)) + 1 };
}

const PLACES = { check: place("checkOrder"), price: place("priceOrder"), rank: place("ranking"), render: place("renderAnswer") };

function handle(account: Account, books: Books, body: string): string {
  const order = account.measure("check", PLACES.check, () => checkOrder(body));
  const priced = account.measure("price", PLACES.price, () => priceOrder(order));
  books.add(priced);
  const ranking = account.measure("rank", PLACES.rank, () => books.ranking());
  return account.measure("render", PLACES.render, () => renderAnswer(priced, ranking));
}

function startService(account: Account): Server {
  const books = new Books();
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.end(handle(account, books, Buffer.concat(chunks).toString("utf8")));
      account.print();
    });
  }).listen(0, "127.0.0.1");
}

/** Sends one order and waits for the answer. */
function send(port: number, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method: "POST", path: "/orders" }, (response) => {
      response.resume();
      response.on("end", resolve);
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { seconds: { type: "string", default: "0" } }, allowPositionals: true });
  const size = Number(positionals[0] ?? 100);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(size) || size < 1 || !(seconds >= 0)) {
    console.error("usage: node dist/service.js [SIZE] [--seconds N]; SIZE is a whole number of items, at least 1");
    process.exit(2);
  }
  const account = new Account();
  const server = startService(account);
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const random = new Random();
  const bodies = Array.from({ length: 200 }, () => writeOrder(size, random));
  const end = seconds > 0 ? Date.now() + seconds * 1000 : Number.POSITIVE_INFINITY;
  for (let round = 0; Date.now() < end; round++) {
    await Promise.all([0, 1, 2, 3].map((client) => send(port, bodies[(round * 4 + client) % bodies.length] ?? "")));
  }
  account.print(true);
  server.close();
  server.closeAllConnections();
}

void main();
