import { expect, test } from "vitest";
import { missingTests, readTests } from "../../../scripts/named-tests.mjs";

const TESTS = new Map([
  ["test/e2e/heat.spec.mts", 'test("a line is hot", () => {});\ntest(`the lines of ${name} are true`, () => {});'],
  ["bpf-helper/internal/control/peer_test.go", "func TestOnlyRoot(t *testing.T) {}\nfunc FuzzHello(f *testing.F) {}"],
]);

test("files, patterns, functions and titles that are there are found", () => {
  const text = [
    "`test/e2e/heat.spec.mts` `control/peer_test.go` `bpf-helper/internal/control/*_test.go` `go test -run TestOnlyRoot`",
    "`test/e2e/heat.spec.mts › a line is hot` `test/e2e/heat.spec.mts › the lines of python are true`",
    "`control/peer_test.go ›\nFuzzHello` `npm test`",
  ];
  expect(missingTests("a.md", text.join("\n"), TESTS)).toEqual([]);
});

test("each that is gone is told", () => {
  const text =
    "`test/e2e/cold.spec.mts` `control/p_test.go` `TestOnlyRooted` `test/e2e/heat.spec.mts › a line is cold` `control/peer_test.go › TestOnly` `README.md › x`";
  expect(missingTests("a.md", text, TESTS)).toMatchInlineSnapshot(`
    [
      "a.md names test/e2e/cold.spec.mts, which is gone.",
      "a.md names control/p_test.go, which is gone.",
      "a.md names TestOnlyRooted, which no Go test is called any more.",
      "a.md names the test “a line is cold”, which test/e2e/heat.spec.mts no longer has.",
      "a.md names the test “TestOnly”, which control/peer_test.go no longer has.",
      "a.md names a test of README.md, which is no test file.",
    ]
  `);
});

test("a row of a table of tests names one", () => {
  const table =
    "| who | test |\n|---|---|\n| we | `control/peer_test.go` |\n| they | somewhere |\n\n| who | what |\n|---|---|\n| they | – |";
  expect(missingTests("a.md", table, TESTS)).toEqual(["a.md names no test in the row “they | somewhere”."]);
});

test("our own tests are read", () => {
  expect([...readTests().keys()]).toContain("test/unit/scripts/named-tests.test.ts");
});
