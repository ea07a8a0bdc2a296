import { describe, expect, test } from "vitest";
import type { TestAt } from "../../../protocol/tests.js";
import { testAt } from "../../../source/test-at.js";
import { outliner } from "./outline-text.js";

/** The test at the line that has the mark ▮, which is taken out first. */
async function found(file: string, marked: string): Promise<TestAt | undefined> {
  const line = marked.split("\n").findIndex((text) => text.includes("▮"));
  const text = marked.replace("▮", "");
  return (await outliner()).syntax(file, text, (root) => testAt(file, root, line));
}

/** Its name and what its runner takes, as one line. */
async function foundText(file: string, marked: string): Promise<string> {
  const test = await found(file, marked);
  return test === undefined ? "none" : `${test.name} | ${test.selector}`;
}

describe("a Python test", () => {
  const PYTHON = `import pytest

def helper():
    return 1

@pytest.mark.parametrize("a", [1, 2])
def test_one(a):
    def test_inner():
        return a
    assert test_inner()

class TestCart:
    class TestEmpty:
        async def test_total(self):
            assert helper() == 1
`;
  const at = (line: string) => foundText("test_cart.py", PYTHON.replace(line, `${line}▮`));

  test("is the function around the line, with its classes", async () => {
    expect(await at("            assert helper() == 1")).toBe("TestCart::TestEmpty::test_total | TestCart::TestEmpty::test_total");
    expect(await at("        async def test_total(self):")).toBe("TestCart::TestEmpty::test_total | TestCart::TestEmpty::test_total");
  });

  test("is what pytest calls, not a function inside of it, and begins with its decorators", async () => {
    expect(await at("        return a")).toBe("test_one | test_one");
    expect(await at('@pytest.mark.parametrize("a", [1, 2])')).toBe("test_one | test_one");
  });

  test("is no helper, no class and no import", async () => {
    expect(await at("    return 1")).toBe("none");
    expect(await at("class TestCart:")).toBe("none");
    expect(await at("import pytest")).toBe("none");
  });
});

describe("a test of vitest", () => {
  const at = (text: string) => foundText("cart.test.ts", text);

  test("has the titles of the groups around it, and a pattern that means nothing else", async () => {
    const text = 'describe("cart (new)", () => {\n  it("costs $5.00 [a|b] \\"x\\"", async () => {\n    expect(1).toBe(1);▮\n  });\n});\n';
    const test = await found("cart.test.ts", text);
    expect(test?.name).toBe('cart (new) > costs $5.00 [a|b] "x"');
    expect('cart (new) costs $5.00 [a|b] "x"').toMatch(new RegExp(test?.selector ?? ""));
    expect('cart (new) costs $5x00 [a|b] "x"').not.toMatch(new RegExp(test?.selector ?? ""));
    expect('cart (new) costs $5.00 [a|b] "x" and more').not.toMatch(new RegExp(test?.selector ?? ""));
  });

  test("is found at its first and its last line", async () => {
    expect(await at('test("adds", () => {▮\n  one();\n});')).toBe("adds | ^ ?adds$");
    expect(await at('test("adds", () => {\n  one();\n});▮')).toBe("adds | ^ ?adds$");
    expect(await at('test.only("adds", { timeout: 5 }, async () => {\n  one();▮\n});')).toBe("adds | ^ ?adds$");
  });

  test("of a table has gaps where the rows are put in, also seen from the table", async () => {
    expect(await at('test.each([\n  [1, 2],▮\n])("%i and $b make 100%%", (a) => {\n  one(a);\n});')).toBe(
      "… and … make 100% | ^ ?.* and .* make 100%$",
    );
    expect(await at("it(`is ${kind} of 5.0`, () => {\n  one();▮\n});")).toBe("is … of 5.0 | ^ ?is .* of 5\\.0$");
  });

  test("is no group, and none whose title the text does not have", async () => {
    expect(await at('describe("cart", () => {\n  const a = 1;▮\n});')).toBe("none");
    expect(await at("test(title, () => {\n  one();▮\n});")).toBe("none");
    expect(await at('describe("cart", () => {\n  test(title, () => {\n    one();▮\n  });\n});')).toBe("cart > … | ^ ?cart .*$");
  });

  test("with hostile text in its title has a pattern without a variable of VS Code's and without a NUL", async () => {
    const test = await found("a.test.js", 'test("${command:x} $(touch x) `y` \\u0000\\n; rm", () => {▮});');
    expect(test?.selector).not.toMatch(/\$\{|\0|\n/);
    expect("${command:x} $(touch x) `y` \0\n; rm").toMatch(new RegExp(test?.selector ?? ""));
  });
});

describe("a Go test", () => {
  const GO = `package cart

func helper() int { return 1 }

func TestSum(t *testing.T) {
	t.Run("no goods / at all", func(t *testing.T) {
		t.Run(\`a+b\`, func(t *testing.T) {
			helper()
		})
	})
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			run(each)
		})
	}
	t.Run("$(touch x) \\"y\\"\\u200b", func(t *testing.T) {
		last()
	})
}

func Testify(t *testing.T) {
	nothing()
}

func (s *Suite) TestMethod() {
	method()
}
`;
  const at = (line: string) => foundText("cart_test.go", GO.replace(line, `${line}▮`));

  test("is its function, with the subtests that are named there as testing writes them", async () => {
    expect(await at("			helper()")).toBe("TestSum/no goods / at all/a+b | ^TestSum$/^no_goods_$/^_at_all$/^a\\+b$");
    expect(await at('	t.Run("no goods / at all"')).toBe("TestSum/no goods / at all | ^TestSum$/^no_goods_$/^_at_all$");
    expect(await at("		last()")).toBe('TestSum/$(touch x) "y"\u200b | ^TestSum$/^\\$\\(touch_x\\)_"y"\\\\u200b$');
  });

  test("with computed names of subtests is the one around them", async () => {
    expect(await at("			run(each)")).toBe("TestSum | ^TestSum$");
  });

  test("is nothing else", async () => {
    expect(await at("func helper() int { return 1 }")).toBe("none");
    expect(await at("	nothing()")).toBe("none");
    expect(await at("	method()")).toBe("none");
  });
});

describe("a test of JUnit", () => {
  const JAVA = `package com.acme.shop;

class CartTest {
  @BeforeEach
  void setUp() {
    prepare();
  }

  @Nested
  class WhenEmpty {
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void costs(int amount) {
      check(amount);
    }
  }

  @org.junit.jupiter.api.Test
  void adds() { one(); }
}
`;
  const at = (line: string) => foundText("CartTest.java", JAVA.replace(line, `${line}▮`));

  test("is the method with the annotation, in its classes and package", async () => {
    expect(await at("      check(amount);")).toBe("CartTest.WhenEmpty.costs | com.acme.shop.CartTest$WhenEmpty#costs");
    expect(await at("    @ParameterizedTest")).toBe("CartTest.WhenEmpty.costs | com.acme.shop.CartTest$WhenEmpty#costs");
    expect(await at("  void adds() { one(); }")).toBe("CartTest.adds | com.acme.shop.CartTest#adds");
  });

  test("is no method without one", async () => {
    expect(await at("    prepare();")).toBe("none");
    expect(await at("class CartTest {")).toBe("none");
  });
});

test("other languages and lines beyond the end have none", async () => {
  expect(await foundText("a.rb", "def test_x\n  1▮\nend\n")).toBe("none");
  expect(await (await outliner()).syntax("a.py", "x = 1\n", (root) => testAt("a.py", root, 7) ?? "none")).toBe("none");
});
