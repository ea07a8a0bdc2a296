/** Arguments that nobody passed, made of those that were: data of values.cjs in, data of values.cjs out. */

const ODD_TEXTS = ["", " ", "\n", "é", "漢字", "\0", "a", "Z", "0", "_", "\t", "\\", "\ud800", "😀", "__proto__", "constructor"];
const NAN = ["n", "NaN"];
const ODD_NUMBERS = [0, 1, -1, 1.5, ["n", "-0"], NAN, ["n", "Infinity"], ["n", "-Infinity"], 2 ** 31, 2 ** 53];

/** Numbers from 0 up to 1, always the same ones (xorshift32, Marsaglia 2003). */
function dice(seed) {
  let state = seed;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return { next, below, of: (list) => list[below(list.length)] };
}

/**
 * @param {readonly string[]} captured
 * @param {{ count: number, constants: readonly (string | number)[] }} wish constants are the function's own: what it compares with and looks for
 * @param {(name: string) => Promise<Record<string, unknown>>} load imports a library of the project
 * @returns {Promise<string[]>}
 */
export async function generate(captured, { count, constants }, load) {
  const random = dice(20);
  const pool = { string: [], number: [] };
  const collect = (item) => {
    if (typeof item === "string") pool.string.push(item);
    else if (isNumber(item)) pool.number.push(item);
  };
  for (const text of captured) for (const entry of JSON.parse(text).objects) slots(entry).forEach(({ get }) => collect(get()));
  // As likely as what was captured, however much that is.
  for (const each of constants) {
    const known = pool[typeof each] ?? [];
    const times = Math.max(1, Math.floor(known.length / constants.length));
    for (let time = 0; time < times; time++) collect(each);
  }
  pool.string.push(...(await fromFastCheck(load)));
  const made = new Set();
  for (let turn = 0; turn < count * 4 && made.size < count; turn++) {
    const data = JSON.parse(captured[turn % captured.length]);
    const changes = random.of([1, 1, 2]);
    for (let change = 0; change < changes; change++) changeOne(data, pool, random);
    const text = JSON.stringify(data);
    if (!captured.includes(text)) made.add(text);
  }
  return [...made];
}

/** Texts of the project's own fast-check, where it has it. */
async function fromFastCheck(load) {
  try {
    const { default: fc } = await load("fast-check");
    return fc.sample(fc.string(), { numRuns: 60, seed: 20 });
  } catch {
    return [];
  }
}

const isNumber = (item) => typeof item === "number" || (Array.isArray(item) && item[0] === "n");
const isPlain = (item) =>
  typeof item === "string" || typeof item === "boolean" || isNumber(item) || (Array.isArray(item) && item[0] === "b");

/** The places of an object that hold a plain value; not the keys of an object, which are its type. */
function slots(entry) {
  const found = [];
  const add = (list, at) => {
    if (isPlain(list[at])) found.push({ get: () => list[at], set: (item) => (list[at] = item) });
  };
  if (entry.k === "m") for (const pair of entry.a) [0, 1].forEach((at) => add(pair, at));
  else entry.a?.forEach((_, at) => add(entry.a, at));
  for (const property of entry.d ?? []) add(property, 1);
  return found;
}

/** Object 0 is the pair of receiver and arguments, object 1 or the one after the receiver the list of arguments: their lengths stay. */
function changeOne(data, pool, random) {
  const { objects } = data;
  const list = objects[0].a[1][1];
  const plain = objects.flatMap((entry, id) => (id === 0 ? [] : slots(entry)));
  const lists = objects.filter(({ k, a }, id) => id !== 0 && id !== list && Array.isArray(a) && (k === "a" || k === "m" || k === "s"));
  if (lists.length > 0 && (plain.length === 0 || random.next() < 0.35)) changeList(random.of(lists), pool, random);
  else if (plain.length > 0) {
    const slot = random.of(plain);
    slot.set(vary(slot.get(), pool, random));
  }
}

function changeList(entry, pool, random) {
  const cut = random.below(entry.a.length + 1);
  const varied = () => entry.a.map((each) => (random.next() < 0.4 ? vary(each, pool, random) : each));
  const changed = random.of([
    () => [],
    () => entry.a.slice(0, cut),
    () => entry.a.slice(cut, cut + 1),
    () => [...entry.a, ...entry.a.slice(0, cut)],
    () => entry.a.toReversed(),
    varied,
    varied,
    varied,
  ])();
  entry.a = entry.k === "m" ? entry.a.slice(0, cut) : changed;
  if (entry.k === "a") entry.n = entry.a.length;
}

/** A value of the same type. */
function vary(value, pool, random) {
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") {
    const other = random.of(pool.string);
    if (random.next() < 0.4) return other;
    const odd = random.of(ODD_TEXTS);
    const cut = random.below(value.length + 1);
    return random.of([
      odd,
      value + odd,
      odd + value,
      value.slice(0, cut) + odd + value.slice(cut),
      value.slice(0, cut) + other,
      other + value,
      Array.from(value).reverse().join(""),
      value.slice(cut),
      value.toUpperCase(),
      value.toLowerCase(),
      value + value,
    ]);
  }
  if (isNumber(value)) {
    if (typeof value !== "number" || random.next() < 0.3) return random.of(ODD_NUMBERS);
    const numbers = [random.of(pool.number), value + 1, value - 1, -value, value * 2, value / 3, random.of(pool.number)];
    const chosen = random.of(numbers);
    return Object.is(chosen, -0) ? ["n", "-0"] : chosen;
  }
  return Array.isArray(value) && value[0] === "b" ? ["b", String(BigInt(value[1]) + 1n)] : value;
}
