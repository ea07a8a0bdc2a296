import { describe, expect, test } from "vitest";
import { jsonResult, junitResult, resultText } from "../../../extension/one-test/test-result.js";

describe("how a test went", () => {
  test("as our plugin of pytest tells it, and nothing where no test was run", () => {
    expect(jsonResult('{"runs": 83, "seconds": 1.01, "failed": 0}')).toEqual({ runs: 83, seconds: 1.01, failed: false });
    expect(jsonResult('{"runs": 0, "seconds": 0.0, "failed": 0}')).toBeUndefined();
  });

  test("as vitest tells it, without the tests that were left out", () => {
    const tests = [
      { status: "skipped", duration: 900 },
      { status: "passed", duration: 12 },
      { status: "failed", duration: 8 },
    ];
    expect(jsonResult(JSON.stringify({ testResults: [{ assertionResults: tests }] }))).toEqual({ runs: 1, seconds: 0.02, failed: true });
    expect(jsonResult(JSON.stringify({ testResults: [{ assertionResults: tests.slice(0, 1) }] }))).toBeUndefined();
  });

  test("as JUnit's report tells it, the rows of a method together", () => {
    const report = `<testsuite><testcase name="adds(int)[1]" classname="A" time="0.5"/><testcase name="adds(int)[2]" time="0.25">
      <failure message="&lt;x"/></testcase><testcase name="addsMore" time="9"/><testcase name="left" time="1"><skipped/></testcase></testsuite>`;
    expect(junitResult(report, "adds")).toEqual({ runs: 1, seconds: 0.75, failed: true });
    expect(junitResult(report, "addsMore")).toEqual({ runs: 1, seconds: 9, failed: false });
    expect(junitResult(report, "left")).toBeUndefined();
    expect(junitResult("no report", "adds")).toBeUndefined();
  });

  test.each(["", "{", "null", "[]", '{"testResults": 5}', '{"runs": "3"}'])("of %j nothing", (text) => {
    expect(jsonResult(text)).toBeUndefined();
  });
});

describe("what is said about it", () => {
  test("how often it ran, and for how long", () => {
    expect(resultText("TestSum", "go test", { runs: 56_000, seconds: 1.04, failed: false }, 498)).toBe(
      "“TestSum” passed: it ran 56,000 times in 1.0 s (498 samples, those of go test itself among them).",
    );
  });

  test("that a short test of a runner that can't repeat it is little to tell from", () => {
    expect(resultText("adds", "vitest", { runs: 1, seconds: 0.012, failed: false }, 1)).toBe(
      "“adds” passed: it ran in 12 ms (1 sample, those of vitest itself among them). That is too short to be sampled well, and vitest can't be told to repeat it.",
    );
  });

  test("that it failed, or told nothing", () => {
    expect(resultText("adds", "pytest", { runs: 5, seconds: 0.0004, failed: true }, 30)).toContain(
      "failed, see its terminal, after it ran 5 times in 0.4 ms",
    );
    expect(resultText("adds", "pytest", undefined, 0)).toBe(
      "“adds” told no result, see its terminal: 0 samples, those of pytest itself among them.",
    );
  });
});
