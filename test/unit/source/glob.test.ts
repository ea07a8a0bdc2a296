import { expect, test } from "vitest";
import { matchesGlob } from "../../../source/glob.js";

/** Which of the paths below /ws match. */
function matching(glob: string, paths: string): string {
  return paths
    .split(" ")
    .filter((path) => matchesGlob(path.startsWith("/") ? path : `/ws/${path}`, glob, ["/ws"]))
    .join(" ");
}

test("stars stay within a part, double stars cross parts", () => {
  expect(matching("*.py", "a.py src/a.py a.pyc .py")).toBe("a.py .py");
  expect(matching("**/*.py", "a.py src/a.py src/deep/a.py a.pyc")).toBe("a.py src/a.py src/deep/a.py");
  expect(matching("src/**", "src/a.py src/deep/a.py srcs/a.py")).toBe("src/a.py src/deep/a.py");
  expect(matching("src/**/test_?.py", "src/test_a.py src/x/y/test_b.py src/test_ab.py")).toBe("src/test_a.py src/x/y/test_b.py");
  expect(matching("a**b", "ab axxb a/b")).toBe("ab axxb");
});

test("braces, nested too, and classes", () => {
  expect(matching("*.{ts,tsx}", "a.ts a.tsx a.js")).toBe("a.ts a.tsx");
  expect(matching("{a,b/{c,d}}.js", "a.js b/c.js b/d.js c.js")).toBe("a.js b/c.js b/d.js");
  expect(matching("f[0-9].c", "f1.c fx.c f12.c")).toBe("f1.c");
  expect(matching("f[!0-9].c", "f1.c fx.c f/.c")).toBe("fx.c");
});

test("other signs stand for themselves, unclosed ones too", () => {
  expect(matching("a+b(c).js", "a+b(c).js aab(c).js")).toBe("a+b(c).js");
  expect(matching("a.js", "a.js axjs")).toBe("a.js");
  expect(matching("a[b", "a[b ab")).toBe("a[b");
  expect(matching("a{b", "a{b ab")).toBe("a{b");
});

test("a folder covers what is in it; other folders are reached by an absolute glob or a leading double star", () => {
  expect(matching("generated", "generated/a/b.ts generated.ts x/generated/a.ts")).toBe("generated/a/b.ts");
  expect(matching("**/generated/", "generated/a/b.ts x/generated/a.ts")).toBe("generated/a/b.ts x/generated/a.ts");
  expect(matching("/opt/shared/**", "/opt/shared/a.py /opt/other/a.py opt/shared/a.py")).toBe("/opt/shared/a.py");
  expect(matching("shared/**", "/opt/shared/a.py shared/a.py")).toBe("shared/a.py");
  expect(matching("**/shared/**", "/opt/shared/a.py shared/a.py")).toBe("/opt/shared/a.py shared/a.py");
});
