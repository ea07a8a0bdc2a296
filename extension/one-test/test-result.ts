/** How a test went, as its runner told it, and the sentence about it. Pure. */
import type { Runner } from "./test-run.js";

export interface TestResult {
  readonly runs: number;
  /** Of all runs together. */
  readonly seconds: number;
  readonly failed: boolean;
}

/** What our plugin of pytest writes; undefined of anything else. */
function pytestResult(value: Record<string, unknown>): TestResult | undefined {
  const { runs, seconds, failed } = value;
  return typeof runs === "number" && runs > 0 && typeof seconds === "number" && typeof failed === "number"
    ? { runs, seconds, failed: failed > 0 }
    : undefined;
}

/** What vitest's JSON reporter writes: tests that the pattern leaves out are there as skipped. */
function vitestResult(value: Record<string, unknown>): TestResult | undefined {
  const files = Array.isArray(value["testResults"]) ? (value["testResults"] as { assertionResults?: unknown }[]) : [];
  const tests = files.flatMap(({ assertionResults }) => (Array.isArray(assertionResults) ? assertionResults : [])) as {
    status?: unknown;
    duration?: unknown;
  }[];
  const run = tests.filter(({ status }) => status === "passed" || status === "failed");
  const ms = run.reduce((sum, { duration }) => sum + (typeof duration === "number" ? duration : 0), 0);
  return run.length === 0 ? undefined : { runs: 1, seconds: ms / 1000, failed: run.some(({ status }) => status === "failed") };
}

/** Reads the JSON of pytest's plugin or of vitest; undefined where no test was run, or it is not readable. */
export function jsonResult(text: string): TestResult | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (pytestResult({ ...value }) ?? vitestResult({ ...value })) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads one of JUnit's reports; the rows of a parameterized test are one run. */
export function junitResult(xml: string, method: string): TestResult | undefined {
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g)].filter(([, attributes = ""]) =>
    new RegExp(`\\bname="${method.replaceAll("$", "\\$&")}\\b`).test(attributes),
  );
  const run = cases.filter(([, , inside = ""]) => !inside.includes("<skipped"));
  const seconds = run.reduce((sum, [, attributes = ""]) => sum + Number(/\btime="([\d.]+)"/.exec(attributes)?.[1] ?? 0), 0);
  return run.length === 0 ? undefined : { runs: 1, seconds, failed: run.some(([, , inside = ""]) => /<(?:failure|error)\b/.test(inside)) };
}

/** What is said when the recording has ended. */
export function resultText(name: string, runner: Runner, result: TestResult | undefined, samples: number): string {
  const all = `${samples.toLocaleString("en-US")} ${samples === 1 ? "sample" : "samples"}, those of ${runner} itself among them`;
  if (result === undefined) {
    return `“${name}” told no result, see its terminal: ${all}.`;
  }
  const { runs, seconds, failed } = result;
  const times = runs === 1 ? `in ${duration(seconds)}` : `${runs.toLocaleString("en-US")} times in ${duration(seconds)}`;
  const how = failed ? "failed, see its terminal, after it ran" : "passed: it ran";
  const once = runs === 1 && seconds < 0.5 && !failed ? ` That is too short to be sampled well${ONCE[runner]}.` : "";
  return `“${name}” ${how} ${times} (${all}).${once}`;
}

const ONCE: Readonly<Record<Runner, string>> = {
  pytest: "",
  "go test": "",
  vitest: ", and vitest can't be told to repeat it",
  Maven: ", and Maven can't be told to repeat it",
  Gradle: ", and Gradle can't be told to repeat it",
};

function duration(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(1)} s`;
}
