import { describe, expect, test } from "vitest";
import type { FileHeat } from "../../../analysis/optimize/heat.js";
import { findings, fixed } from "./offered.js";

const inFunction = (statement: string, head = "import re\nimport sys"): string =>
  `${head}\n\n\ndef clean(text, flags, pattern):\n    for line in text:\n        ${statement}\n`;
const fix = (statement: string, head?: string): Promise<string> => fixed("app.py", inFunction(statement, head));

describe("a pattern that is looked up each time", () => {
  test("becomes a constant below the imports, and the call one of its methods", async () => {
    expect(await fix(String.raw`line = re.sub(r"\s+", " ", line)`)).toBe(String.raw`import re
import sys

_CLEAN_PATTERN = re.compile(r"\s+")


def clean(text, flags, pattern):
    for line in text:
        line = _CLEAN_PATTERN.sub(" ", line)
`);
  });

  test.each([
    [`re.match("a", line)`, `re.compile("a")`, `_CLEAN_PATTERN.match(line)`],
    [`re.fullmatch("a", line, re.I)`, `re.compile("a", re.I)`, `_CLEAN_PATTERN.fullmatch(line)`],
    [`re.search("a", line, flags=re.I | re.M)`, `re.compile("a", re.I | re.M)`, `_CLEAN_PATTERN.search(line)`],
    [`re.search("a", flags=re.I, string=line)`, `re.compile("a", re.I)`, `_CLEAN_PATTERN.search(string=line)`],
    [`re.findall(b"a", line)`, `re.compile(b"a")`, `_CLEAN_PATTERN.findall(line)`],
    [`re.split("a", line, 2, re.S)`, `re.compile("a", re.S)`, `_CLEAN_PATTERN.split(line, 2)`],
    [`re.sub("a" "b", repl, line, count=1, flags=re.X)`, `re.compile("a" "b", re.X)`, `_CLEAN_PATTERN.sub(repl, line, count=1)`],
    [`re.sub("a", "b", line, re.I)`, `re.compile("a")`, `_CLEAN_PATTERN.sub("b", line, re.I)`],
    [`re.compile("a", re.I).match(line)`, `re.compile("a", re.I)`, `_CLEAN_PATTERN.match(line)`],
    [`re.match(\n            "a",\n            line,\n        )`, `re.compile("a")`, `_CLEAN_PATTERN.match(\n            line,\n        )`],
  ])("%s", async (before, definition, after) => {
    expect(await fix(before)).toBe(inFunction(after).replace("import sys\n", `import sys\n\n_CLEAN_PATTERN = ${definition}\n`));
  });

  test("is found under a name that one binding gives it, and not where another may", async () => {
    expect(await fix("re.search(ODD, line)", 'import re\nODD = "[^a-z]"')).toContain('_CLEAN_PATTERN = re.compile("[^a-z]")');
    expect(await fix("re.search(ODD, line)", 'import re\nODD = "[^a-z]"\nODD = "x"')).toBe("no fix");
    expect(await fix("re.search(pattern, line)")).toBe("no fix");
  });

  test("keeps the name under which the module is known, and takes a free one", async () => {
    const text = await fix(`regex.match("a", line, regex.I)`, "import re as regex\n_CLEAN_PATTERN = 1");
    expect(text).toContain(`import re as regex\n\n_CLEAN_PATTERN_2 = regex.compile("a", regex.I)\n_CLEAN_PATTERN = 1`);
    expect(text).toContain("_CLEAN_PATTERN_2.match(line)");
  });

  test("in a file with carriage returns writes them too", async () => {
    const text = inFunction(`re.match("a", line)`).replaceAll("\n", "\r\n");
    expect((await fixed("app.py", text)).replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });

  test("below text of any script", async () => {
    const head = "# é 漢 😀\nimport re";
    expect(await fix(`re.match("😀", line)`, head)).toBe(
      `${head}\n\n_CLEAN_PATTERN = re.compile("😀")${inFunction("_CLEAN_PATTERN.match(line)", "")}`,
    );
  });

  test("is also found in a loop of the module", async () => {
    expect(await fixed("app.py", `import re\nfor line in open("x"):\n    re.match("a", line)\n`)).toContain("_LINE_PATTERN.match(line)");
  });
});

describe("no fix is offered", () => {
  test.each([
    ["a pattern that isn't constant", `re.match(pattern, line)`],
    ["a pattern with replacement fields", `re.match(f"{pattern}", line)`],
    ["a pattern that is put together", `re.match("a" + pattern, line)`],
    ["flags that aren't constant", `re.match("a", line, flags)`],
    ["flags that print", `re.match("a", line, re.DEBUG)`],
    ["flags that depend on the locale", `re.match(b"a", line, re.LOCALE)`],
    ["the same flag in the pattern", `re.match(rb"(?L)a", line)`],
    ["arguments by star", `re.match("a", *line)`],
    ["a pattern by name", `re.match(pattern="a", string=line)`],
    ["a comment that would be lost", `re.match(\n            "a",  # all of them\n            line)`],
    ["another method", `re.escape("a")`],
    ["a method of something else", `line.match("a", line)`],
  ])("for %s", async (_, statement) => {
    expect(await fix(statement)).toBe("no fix");
  });

  test.each([
    ["re isn't imported", "import sys"],
    ["re is imported conditionally", "import sys\nif sys.argv:\n    import re"],
    ["only functions are imported", "from re import match"],
    ["re is another module", "import regex as re"],
    ["re is bound again", "import re\nre = 1"],
    ["re may be bound by a loop", "import re\nfor re in []:\n    pass"],
    ["re is a parameter somewhere", "import re\ndef other(re=None):\n    pass"],
    ["re is caught somewhere", "import re\ntry:\n    pass\nexcept Exception as re:\n    pass"],
    ["re is changed", "import re\nre.match = print"],
  ])("where %s", async (_, head) => {
    expect(await fix(`re.match("a", line)`, head)).toBe("no fix");
  });

  test.each([
    ["code that runs once", `import re\nX = re.match("a", "b")\n`],
    ["a default value", `import re\ndef f(x=re.compile("a")):\n    pass\n`],
    ["a decorator", `import re\n@register(re.compile("a"))\ndef f():\n    pass\n`],
    ["the iterable of a loop", `import re\nfor x in re.findall("a", "b"):\n    pass\n`],
    ["a handler of wrong patterns", `import re\ndef f(x):\n    try:\n        re.match("a", x)\n    except re.error:\n        pass\n`],
    ["an import that comes later", `def f(x):\n    re.match("a", x)\nimport re\n`],
    ["a pattern that is compiled once already", `import re\nP = re.compile("a")\ndef f(x):\n    return P.match(x)\n`],
    ["a text that doesn't parse", `import re\ndef f(x):\n    re.match("a", x\n`],
    ["a line that is ignored", `import re\ndef f(x):\n    re.match("a", x)  # flameline: ignore\n`],
    ["a line below a comment", `import re\ndef f(x):\n    # flameline: ignore\n    re.match("a", x)\n`],
  ])("for %s", async (_, text) => {
    expect(await fixed("app.py", text)).toBe("no fix");
  });

  test("where the profile doesn't show that the look-up costs anything", async () => {
    const matching: FileHeat = { event: "cpu", total: () => 0.9, hottest: () => 0.9, own: () => 0.9, below: () => 0.009 };
    expect(await findings("app.py", inFunction(`re.match("a", line)`), matching)).toEqual([]);
  });
});

test("two on one line share what is measured there, and are two findings", async () => {
  const found = await findings("app.py", inFunction(`re.match("a", line) or re.match("a", line)`));
  expect(found.map(({ share, id }) => [share, id])).toEqual([
    [0.1, `python-regex-in-hot-code:clean:re.match("a", line)`],
    [0.1, `python-regex-in-hot-code:clean:re.match("a", line)#2`],
  ]);
});

test("the expected gain is Amdahl's, and the subject is what other code can call", async () => {
  const text = `import re\nclass A:\n    def f(self, x):\n        def g(y):\n            return re.match("a", y)\n        return g(x)\n`;
  const [finding] = await findings("app.py", text);
  expect(finding).toMatchObject({ share: 0.2, expectedGain: 1.25, subject: "A.f", startLine: 5, event: "cpu" });
});
