// The tests that our documents name exist.   node scripts/named-tests.mjs [DOCUMENT…]
// A document names a test in code marks: a file (`control/peer_test.go`, also with *), a function of a Go test
// (`TestNonsenseIsRefused…`), or one test of a file: `FILE › TITLE`, where TITLE is a Go function or what stands in test("…").
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { root } from "./paths.mjs";

const DOCUMENTS = ["ARCHITECTURE.md", "bpf-helper/SECURITY.md", "docs/testing.md"];
/** Names of files are read from each of these. */
const FROM = ["", "bpf-helper/", "bpf-helper/internal/"];
const TEST_FOLDERS = ["test", "bpf-helper"];
const NOT_OURS = new Set(["node_modules", "vendor", "vscode-host", "testdata", "fixtures"]);
const TEST_FILE = /^[\w./*-]+(?:_test\.go|\.test\.ts|\.spec\.mts|\.test\.mjs)$/;
const GO_TEST = /\b(?:Test|Fuzz)[A-Z]\w*/g;

/**
 * What is wrong with a document, each in one sentence.
 * @param {string} name of the document, for the sentences
 * @param {string} text
 * @param {Map<string, string>} tests text of each test file by its path from the root
 * @returns {string[]}
 */
export function missingTests(name, text, tests) {
  const wrong = [];
  for (const [, span = ""] of text.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`((?:[^`\n]|\n(?!\n))+)`/g)) {
    const [file = "", title] = span.replaceAll(/\s+/g, " ").split(" › ");
    const isPath = TEST_FILE.test(file) || /^test\/(?:unit|integration|e2e|bench)\//.test(file);
    const files = isPath ? filesOf(file, tests) : [];
    if (isPath && files.length === 0) {
      wrong.push(`${name} names ${file}, which is gone.`);
    } else if (isPath && title !== undefined && !files.some((each) => titlesIn(tests.get(each) ?? "").some((known) => known.test(title)))) {
      wrong.push(`${name} names the test “${title}”, which ${file} no longer has.`);
    } else if (title !== undefined && !isPath) {
      wrong.push(`${name} names a test of ${file}, which is no test file.`);
    }
    if (!isPath) {
      for (const [test] of span.matchAll(GO_TEST)) {
        if (![...tests.values()].some((source) => source.includes(`func ${test}(`))) {
          wrong.push(`${name} names ${test}, which no Go test is called any more.`);
        }
      }
    }
  }
  return [...wrong, ...rowsWithoutTest(name, text)];
}

/** In a table whose last column is headed "test" or "tests", each row names one. */
function rowsWithoutTest(name, text) {
  const wrong = [];
  let wanted = false;
  for (const line of text.split("\n")) {
    const cells = line.startsWith("|") ? line.split("|").slice(1, -1) : [];
    const last = cells.at(-1)?.trim() ?? "";
    if (cells.length === 0) {
      wanted = false;
    } else if (/^tests?$/.test(last)) {
      wanted = true;
    } else if (wanted && !/^-+$/.test(last) && !/`[^`]*(?:_test\.go|\.test\.ts|\.spec\.mts)/.test(last)) {
      wrong.push(`${name} names no test in the row “${cells[0]?.trim()} | ${cells[1]?.trim()}”.`);
    }
  }
  return wrong;
}

/** @param {Map<string, string>} tests */
function filesOf(pattern, tests) {
  const inside = pattern.endsWith("/") ? `${pattern}*` : pattern;
  const source = inside.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*");
  const known = [...tests.keys()];
  return FROM.flatMap((from) => known.filter((file) => new RegExp(`^${from}${source}$`).test(file)));
}

/** The names of a file's tests, each as a pattern: what a title computes may be anything. */
function titlesIn(source) {
  const go = [...source.matchAll(/^func ((?:Test|Fuzz)\w+)\(/gm)].map(([, title = ""]) => title);
  const script = [...source.matchAll(/\b(?:test|it)(?:\.\w+)*\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g)];
  const told = script.map(([, plain, computed]) => plain ?? computed ?? "");
  return [...go, ...told].map((title) => {
    const parts = title.replaceAll(/\\(.)/g, "$1").split(/\$\{[^}]*\}/);
    return new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);
  });
}

/** @returns {Map<string, string>} */
export function readTests() {
  const tests = new Map();
  const read = (folder) => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const file = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!NOT_OURS.has(entry.name)) {
          read(file);
        }
      } else if (/\.(?:go|[cm]?ts|mjs)$/.test(entry.name) && (folder.startsWith("test") || entry.name.endsWith("_test.go"))) {
        tests.set(file, readFileSync(path.join(root, file), "utf8"));
      }
    }
  };
  TEST_FOLDERS.forEach(read);
  return tests;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const tests = readTests();
  const wrong = (process.argv.length > 2 ? process.argv.slice(2) : DOCUMENTS).flatMap((name) => {
    const file = path.join(root, name);
    return existsSync(file) ? missingTests(name, readFileSync(file, "utf8"), tests) : [`${name} is gone.`];
  });
  for (const sentence of wrong) {
    console.log(sentence);
  }
  process.exit(wrong.length > 0 ? 1 : 0);
}
