import type { Random } from "./random.js";

/** What a reader of JSON may not expect where it stands. */
const ODD_VALUES = [
  null,
  true,
  "",
  "__proto__",
  "0x",
  "0xffffffffffffffff",
  "\u{1f680};\n",
  [],
  {},
  [[]],
  -1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 31) - 1,
] as const;

/** A copy with one member or row changed, dropped, repeated, or replaced by something of another kind. Never changes `value`. */
export function mutateJson(value: unknown, random: Random): unknown {
  if (random.below(8) === 0) return random.pick(ODD_VALUES);
  if (Array.isArray(value)) return mutateRows(value as unknown[], random);
  if (typeof value === "object" && value !== null) return mutateMembers(value as Readonly<Record<string, unknown>>, random);
  if (typeof value === "number") return random.pick([value + 1, value - 1, -value, value * 2 ** 31, random.below(100)]);
  if (typeof value === "string") return random.pick([`${value}${value}`, value.slice(1), value.repeat(random.below(200))]);
  return random.pick(ODD_VALUES);
}

function mutateRows(rows: readonly unknown[], random: Random): unknown[] {
  const at = random.below(rows.length);
  switch (random.below(5)) {
    case 0:
      return rows.toSpliced(at, 1);
    case 1:
      return rows.toSpliced(at, 0, rows[random.below(rows.length)]);
    case 2:
      return rows.toReversed();
    case 3:
      return [...rows, random.pick(ODD_VALUES)];
    default:
      return rows.length === 0 ? [random.pick(ODD_VALUES)] : rows.with(at, mutateJson(rows[at], random));
  }
}

function mutateMembers(members: Readonly<Record<string, unknown>>, random: Random): Record<string, unknown> {
  const names = Object.keys(members);
  const name = names[random.below(names.length)];
  if (name === undefined) return { "": random.pick(ODD_VALUES) };
  if (random.below(10) > 0) return { ...members, [name]: mutateJson(members[name], random) };
  return Object.fromEntries(Object.entries(members).filter(([each]) => each !== name));
}
