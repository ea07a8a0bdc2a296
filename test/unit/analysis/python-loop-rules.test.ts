import { describe, expect, test } from "vitest";
import { findings, fixed } from "./offered.js";

/** A file, and what the rule makes of it. */
async function becomes(rule: string, before: string): Promise<string> {
  return (await fixed("app.py", `${before}\n`, `python-${rule}`)).trimEnd();
}

/** Indented lines of a function `work`. */
function work(body: string, parameters = "rows, text", head = ""): string {
  return `${head}def work(${parameters}):\n${body.replaceAll(/^/gm, "    ")}`;
}

describe("JSON for orjson", () => {
  const RULE = "json-to-orjson";

  test("reading goes to json where orjson reads otherwise", async () => {
    const after = await becomes(RULE, work("return [json.loads(row) for row in rows]", "rows", "import json\n\n\n"));
    expect(after).toContain("import orjson\nimport json\n");
    expect(after).toContain("    return json.loads(text)");
    expect(after).toContain("return [_loads(row) for row in rows]");
  });

  test("writing keeps indent and order", async () => {
    const head = "import json\n\n\n";
    const after = await becomes(RULE, work("return json.dumps(rows, indent=2, sort_keys=True, ensure_ascii=False)", "rows", head));
    expect(after).toContain("orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()");
    expect(after).toContain("return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)");
    expect(after).toContain("    return _dumps(rows)");
  });

  test("output with blanks and escapes is said to be another one, and stays", async () => {
    const [finding] = await findings("app.py", `${work("return json.dumps(rows)", "rows", "import json\n\n\n")}\n`);
    expect(finding).toMatchObject({ rule: "python-json-to-orjson", edits: [], needs: "orjson" });
    expect(finding?.refusal).toContain("ensure_ascii=False");
  });

  test.each([
    ["a hook of the reader", "json.loads(text, parse_float=str)"],
    ["a default for other objects", 'json.dumps(rows, default=str, separators=(",", ":"), ensure_ascii=False)'],
    ["NaN that is refused", 'json.dumps(rows, allow_nan=False, separators=(",", ":"), ensure_ascii=False)'],
    ["other separators", 'json.dumps(rows, separators=("; ", ":"), ensure_ascii=False)'],
    ["another indent", "json.dumps(rows, indent=4, ensure_ascii=False)"],
    ["an open end", "json.dumps(rows, **text)"],
  ])("no fix for %s", async (_, call) => {
    expect(await becomes(RULE, work(`return ${call}`, "rows, text", "import json\n\n\n"))).toBe("no fix");
  });
});

const CHANGES: readonly (readonly [string, string, string])[] = [
  [
    "text-in-loop",
    'out = ""\nfor row in rows:\n    out = row + out\nreturn out',
    'out_parts = []\nfor row in rows:\n    out_parts.append(row)\nout = "".join(reversed(out_parts))\nreturn out',
  ],
  [
    "text-in-loop",
    'out = b"<"\nfor row in rows:\n    out += row\n    out += b","\nreturn out',
    'out_parts = []\nfor row in rows:\n    out_parts.append(row)\n    out_parts.append(b",")\nout = b"<" + b"".join(out_parts)\nreturn out',
  ],
  ["list-for-collection", "return set([row.id for row in rows])", "return {row.id for row in rows}"],
  ["list-for-collection", "return dict([(row.id, row) for row in rows if row])", "return {row.id: row for row in rows if row}"],
  ["list-for-collection", "return sorted(rows)[0]", "return (min(rows) if rows else rows[0])"],
  [
    "membership-in-loop",
    "known = list(text)\nfor row in rows:\n    if row not in known:\n        return row",
    "known = list(text)\nknown_set = set(known)\nfor row in rows:\n    if row not in known_set:\n        return row",
  ],
  [
    "membership-in-loop",
    'known = text.split(",")\nreturn [row for row in rows if row in known]',
    'known = text.split(",")\nknown_set = set(known)\nreturn [row for row in rows if row in known_set]',
  ],
  [
    "call-in-loop",
    "return [row / max(rows) for row in rows]",
    "max_of_rows = max(rows, default=None)\nreturn [row / max_of_rows for row in rows]",
  ],
  [
    "call-in-loop",
    "for row in rows:\n    for one in row:\n        if one in set(text):\n            return one",
    "set_of_text = set(text)\nfor row in rows:\n    for one in row:\n        if one in set_of_text:\n            return one",
  ],
  [
    "attribute-in-loop",
    "for row in rows:\n    row.total *= text.shop.prices.tax",
    "prices_tax = text.shop.prices.tax\nfor row in rows:\n    row.total *= prices_tax",
  ],
];

describe("work that a loop repeats", () => {
  test.each(CHANGES)("%s", async (rule, before, after) => {
    expect(await becomes(rule, work(before))).toBe(work(after));
  });

  test.each([
    ["text-in-loop", "a text that the loop reads", 'out = ""\nfor row in rows:\n    out += row\n    print(len(out))'],
    ["text-in-loop", "a number", "out = 0\nfor row in rows:\n    out += row"],
    ["text-in-loop", "parts at both ends", 'out = ""\nfor row in rows:\n    out += row\n    out = row + out'],
    ["text-in-loop", "a loop that returns", 'out = ""\nfor row in rows:\n    out += row\n    return out'],
    ["list-for-collection", "a list by itself", "return list([row for row in rows])"],
    ["list-for-collection", "a key", "return sorted(rows, key=len)[0]"],
    ["list-for-collection", "the second", "return sorted(rows)[1]"],
    ["membership-in-loop", "what may be a text", "return [row for row in rows if row in text]"],
    ["membership-in-loop", "a list that grows", "known = []\nfor row in rows:\n    if row not in known:\n        known.append(row)"],
    ["membership-in-loop", "a list that others get", "known = list(text)\nfor row in rows:\n    if row not in known:\n        note(known)"],
    [
      "membership-in-loop",
      "a list that is another each time",
      "for row in rows:\n    known = list(row)\n    if 1 in known:\n        return row",
    ],
    ["call-in-loop", "an argument that the loop changes", "for row in rows:\n    text.append(row)\n    row += max(text)"],
    ["call-in-loop", "an argument of the loop", "return [max(row) for row in rows]"],
    ["call-in-loop", "a list that is kept", "for row in rows:\n    row.names = sorted(text)"],
    ["call-in-loop", "what the loop begins with", "for row in sorted(rows):\n    print(row)"],
    ["attribute-in-loop", "a way that is assigned", "for row in rows:\n    text.shop.prices.tax = row + text.shop.prices.tax"],
    ["attribute-in-loop", "few dots", "for row in rows:\n    print(text.shop.tax)"],
    ["attribute-in-loop", "a loop that waits", "for row in rows:\n    yield text.shop.prices.tax"],
  ])("%s: no fix for %s", async (rule, _, before) => {
    expect(await becomes(rule, work(before))).toBe("no fix");
  });
});

describe("copies", () => {
  test.each([
    ["import copy\n\n\n", "copy.deepcopy(rows)"],
    ["from copy import deepcopy\n\n\n", "deepcopy(rows)"],
  ])("%s", async (head, call) => {
    const after = await becomes("deepcopy-in-hot-code", work(`return ${call}`, "rows", head));
    expect(after).toBe(work("return pickle.loads(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))", "rows", `import pickle\n${head}`));
  });

  test.each([
    ["import copy\n", "copy.deepcopy(rows, memo)"],
    ["import copy\n", "copy.copy(rows)"],
    ["from copying import deepcopy\n", "deepcopy(rows)"],
  ])("no fix after %s for %s", async (head, call) => {
    expect(await becomes("deepcopy-in-hot-code", work(`return ${call}`, "rows", head))).toBe("no fix");
  });
});

describe("a cache for a loop", () => {
  const RULE = "cache-in-loop";
  const pure = "def rate(name):\n    found = []\n    for letter in name:\n        found.append(ord(letter))\n    return sum(found)\n\n\n";

  test("is made for one call of the function around it", async () => {
    expect(await becomes(RULE, work("return [rate(row) for row in rows]", "rows", pure))).toBe(
      `import functools\n\n\n${work("rate_once = functools.lru_cache(maxsize=None, typed=True)(rate)\nreturn [rate_once(row) for row in rows]", "rows", pure)}`,
    );
  });

  test.each([
    ["counts", "count = 0\ndef rate(name):\n    global count\n    count += 1\n    return count\n\n\n"],
    ["changes what it is given", "def rate(name):\n    name.append(1)\n    return name\n\n\n"],
    ["writes into an object", "def rate(name):\n    name.seen = True\n    return name\n\n\n"],
    ["prints", "def rate(name):\n    print(name)\n    return 1\n\n\n"],
    ["reads what is bound twice", "tax = 1\ntax = 2\ndef rate(name):\n    return tax\n\n\n"],
    ["asks somebody else", "from shop import tax\ndef rate(name):\n    return tax(name)\n\n\n"],
    ["has a decorator", "@traced\ndef rate(name):\n    return 1\n\n\n"],
  ])("no fix for a function that %s", async (_, head) => {
    expect(await becomes(RULE, work("return [rate(row) for row in rows]", "rows", head))).toBe("no fix");
  });
});

describe("files and connections", () => {
  test("a file that is read in each turn", async () => {
    const before =
      'for row in rows:\n    with open(text, encoding="utf-8") as file:\n        words = file.read().split()\n    if row in words:\n        return row';
    const after =
      'with open(text, encoding="utf-8") as file:\n    words = file.read().split()\nfor row in rows:\n    if row in words:\n        return row';
    expect(await becomes("open-in-loop", work(before))).toBe(work(after));
  });

  test.each([
    ["another file each time", "for row in rows:\n    with open(row) as file:\n        words = file.read()\n    print(words)"],
    ["a file that is written", 'for row in rows:\n    with open(text, "a") as file:\n        words = file.write(row)\n    print(words)'],
    [
      "a loop that writes",
      'for row in rows:\n    with open(text) as file:\n        words = file.read()\n    with open(text, "w") as other:\n        other.write(words)',
    ],
    ["what is changed", "for row in rows:\n    with open(text) as file:\n        words = file.readlines()\n    words.append(row)"],
    [
      "what is below a condition",
      "for row in rows:\n    if row:\n        with open(text) as file:\n            words = file.read()\n        print(words)",
    ],
  ])("no fix for %s", async (_, before) => {
    expect(await becomes("open-in-loop", work(before))).toBe("no fix");
  });

  test("requests of one loop share a session", async () => {
    const head = "import requests\n\n\n";
    expect(await becomes("session-in-loop", work("for row in rows:\n    requests.get(row)", "rows", head))).toBe(
      work("session = requests.Session()\nfor row in rows:\n    session.get(row)", "rows", head),
    );
    expect(await becomes("session-in-loop", work("return requests.get(rows)", "rows", head))).toBe("no fix");
    expect(await becomes("session-in-loop", work("for row in rows:\n    row.get(row)", "rows", head))).toBe("no fix");
  });
});

describe("tables and arrays", () => {
  test("rows made anew", async () => {
    const before =
      'total = 0\nfor index, row in rows.iterrows():\n    total += row["price"] * row["count"]\n    print(index)\nreturn total';
    const after =
      'total = 0\nfor index, row_price, row_count in zip(rows.index, rows["price"], rows["count"]):\n    total += row_price * row_count\n    print(index)\nreturn total';
    expect(await becomes("pandas-iterrows", work(before))).toBe(work(after));
  });

  test.each([
    ["a row that is given away", "for _, row in rows.iterrows():\n    print(row)"],
    ["a column that is computed", "for _, row in rows.iterrows():\n    print(row[text])"],
    ["a row that is written", 'for _, row in rows.iterrows():\n    row["price"] = 1'],
    ["a table that changes", 'for _, row in rows.iterrows():\n    rows.drop(row["id"])'],
  ])("no fix for %s", async (_, before) => {
    expect(await becomes("pandas-iterrows", work(before))).toBe("no fix");
  });

  test("a product of columns", async () => {
    const before = 'return rows.apply(lambda row: (row["price"] - 1) * row["count"], axis=1)';
    expect(await becomes("pandas-apply", work(before))).toBe(work('return (rows["price"] - 1) * rows["count"]'));
    for (const body of ['row["a"] / row["b"]', 'row["a"] if row["b"] else 0', "row[text] + 1", 'len(row["a"])']) {
      expect(await becomes("pandas-apply", work(`return rows.apply(lambda row: ${body}, axis=1)`))).toBe("no fix");
    }
    expect(await becomes("pandas-apply", work('return rows.apply(lambda row: row["a"] + 1)'))).toBe("no fix");
  });

  test("arithmetic with each element", async () => {
    const head = "import numpy as np\n\n\n";
    expect(await becomes("numpy-elementwise", work("return [x * 0.5 + 1.0 for x in rows]", "rows: np.ndarray", head))).toBe(
      work("return list(rows * 0.5 + 1.0)", "rows: np.ndarray", head),
    );
  });

  test.each([
    ["a list", "rows", "[x * 0.5 for x in rows]"],
    ["whole numbers, which overflow", "rows: np.ndarray", "[x * 3 for x in rows]"],
    ["powers, whose last bit differs", "rows: np.ndarray", "[x ** 2.0 for x in rows]"],
    ["sums, which are added in another order", "rows: np.ndarray", "sum(x * 0.5 for x in rows)"],
    ["a choice", "rows: np.ndarray", "[x * 0.5 for x in rows if x]"],
  ])("no fix for %s", async (_, parameters, expression) => {
    expect(await becomes("numpy-elementwise", work(`return ${expression}`, parameters, "import numpy as np\n\n\n"))).toBe("no fix");
  });
});
