// Synthetic call trees in the form that the wire carries: the same numbers every time, depth about 50, names as programs have them.

/** A small generator of random numbers with a seed (mulberry32), so that runs can be compared. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const PACKAGES = [
  { language: "python", owner: "mine", file: "/home/dev/shop/orders/", ending: ".py", prefix: "orders." },
  { language: "python", owner: "library", file: "/usr/lib/python3/site-packages/django/", ending: ".py", prefix: "django.template." },
  { language: "javascript", owner: "mine", file: "/home/dev/shop/web/src/", ending: ".ts", prefix: "Checkout." },
  { language: "native", owner: "runtime", file: "", ending: "", prefix: "_PyEval_" },
  { language: "go", owner: "library", file: "/go/pkg/mod/example.org/router@v1.4.0/", ending: ".go", prefix: "router.(*Mux)." },
  { language: "kernel", owner: "kernel", file: "", ending: "", prefix: "do_" },
  { language: "rust", owner: "mine", file: "/home/dev/shop/search/src/", ending: ".rs", prefix: "search::index::" },
  { language: "java", owner: "unknown", file: "Render.java", ending: "", prefix: "org.example.report.Render." },
];
const VERBS = ["render", "parse", "load", "resolve", "encode", "sort", "match", "apply", "read", "merge", "hash", "walk", "format", "send"];
const NOUNS = ["items", "template", "row", "context", "tokens", "page", "order", "header", "tree", "block", "query", "buffer", "cart"];

/** Columns of `nodes` nodes and about `depth` rows; values are ns. */
export function syntheticColumns(nodes, depth = 50, seed = 7) {
  const random = randomFrom(seed);
  const functions = syntheticFunctions(Math.max(24, Math.min(4000, nodes >> 3)), random);
  const columns = {
    fn: new Int32Array(nodes),
    end: new Int32Array(nodes),
    depth: new Int32Array(nodes),
    self: new Float64Array(nodes),
    value: new Float64Array(nodes),
  };
  let next = 0;
  // A task is a subtree of `size` nodes; its children are made when it is taken, so memory is that of the open ones.
  const place = (size, row, value) => {
    const node = next++;
    columns.fn[node] = node === 0 ? -1 : Math.floor(random() ** 2 * functions.name.length);
    columns.end[node] = node + size;
    columns.depth[node] = row;
    columns.value[node] = value;
    let left = size - 1;
    let room = left === 0 ? 0 : value * (row === 0 ? 1 : 1 - random() * 0.12);
    columns.self[node] = value - room;
    const branches = row >= depth ? left : Math.min(left, random() < 0.6 ? 1 : 2 + Math.floor(random() * 3));
    for (let branch = branches; branch > 0; branch--) {
      const share = branch === 1 ? 1 : 0.15 + random() * 0.6;
      const childSize = row >= depth ? 1 : branch === 1 ? left : Math.max(1, Math.min(left - branch + 1, Math.round(left * share)));
      place(childSize, row + 1, room * share);
      left -= childSize;
      room -= room * share;
    }
  };
  place(nodes, 0, nodes * 1e6);
  return { columns, functions };
}

function syntheticFunctions(count, random) {
  const functions = { name: [], id: [], language: [], owner: [], file: [], line: [], module: [], inlined: [] };
  for (let i = 0; i < count; i++) {
    const from = PACKAGES[Math.floor(random() * PACKAGES.length)];
    const verb = VERBS[Math.floor(random() * VERBS.length)];
    const noun = NOUNS[Math.floor(random() * NOUNS.length)];
    functions.name.push(`${from.prefix}${verb}_${noun}${i % 7 === 0 ? `_${i}` : ""}`);
    functions.id.push(i + 100);
    functions.language.push(from.language);
    functions.owner.push(from.owner);
    functions.file.push(from.ending === "" ? from.file : `${from.file}${noun}${from.ending}`);
    functions.line.push(from.file === "" ? 0 : 1 + Math.floor(random() * 900));
    functions.module.push(from.language === "native" ? "/usr/bin/python3.11" : "");
    functions.inlined.push(from.language === "rust" && i % 3 === 0);
  }
  return functions;
}

/** Callers and callees of one function, as many boxes as asked for in each direction. */
export function syntheticCallers(boxes, functions) {
  const random = randomFrom(3);
  let left = 0;
  const node = (value, depth) => {
    const fn = Math.floor(random() * functions.name.length);
    const children = [];
    let room = depth === 0 ? value : value * 0.9;
    while (room > value * 0.1 && left > 0 && depth < 14) {
      left--;
      const share = room * (0.3 + 0.6 * random());
      children.push(node(share, depth + 1));
      room -= share;
    }
    return { name: functions.name[fn], value, function: functions.id[fn], owner: functions.owner[fn], children };
  };
  const tree = () => {
    left = boxes;
    return { ...node(1.5e9, 0), name: functions.name[3], function: functions.id[3], owner: functions.owner[3] };
  };
  const row = {
    function: functions.id[3],
    name: functions.name[3],
    language: functions.language[3],
    owner: functions.owner[3],
    file: null,
    line: null,
    self: 2e8,
    total: 1.5e9,
  };
  return { function: row, total: 5e9, callers: tree(), callees: tree(), folded: 17 };
}

/** The columns as the wire has them. */
export function toWire({ columns, functions }) {
  const base64 = (column) => Buffer.from(column.buffer).toString("base64");
  return {
    nodes: columns.fn.length,
    maxDepth: columns.depth.reduce((a, b) => Math.max(a, b), 0),
    total: columns.value[0] ?? 0,
    event: /** @type {const} */ ("cpu"),
    unit: /** @type {const} */ ("ns"),
    samples: Math.round((columns.value[0] ?? 0) / 10101010),
    leftOut: 0,
    folded: 4321,
    foldedValue: (columns.value[0] ?? 0) * 0.0123,
    function: base64(columns.fn),
    end: base64(columns.end),
    depth: base64(columns.depth),
    self: base64(columns.self),
    value: base64(columns.value),
    functions,
  };
}
