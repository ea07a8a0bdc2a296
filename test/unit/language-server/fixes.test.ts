import { afterEach, expect, test } from "vitest";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const TEXT = `import re


def clean(line):
    return re.sub(" +", " ", line)
`;
const LIBRARY = "/usr/lib/python3.11/re/__init__.py";

async function profiled(settings: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer(settings);
  const file = server.write("app.py", TEXT);
  server.write("other.py", TEXT);
  await server.begin();
  await server.stacks(
    `main:9 (${file});clean:5 (${file});sub:185 (${LIBRARY});_compile:280 (${LIBRARY}) 20\nmain:9 (${file});clean:5 (${file}) 80`,
    { language: "python" },
  );
  await server.open("app.py", TEXT);
  await server.open("other.py", TEXT);
  return server;
}

test("a profiled file shows the share and the expected gain, one that was not profiled nothing", async () => {
  const server = await profiled();
  await expect
    .poll(() => server.diagnostics("app.py"))
    .toEqual(["5: 20 % of cpu is spent on finding the compiled pattern again: at most 1.25 times as fast without it (unproved)"]);
  expect(server.diagnostics("other.py")).toEqual([]);
});

test("the light bulb offers the change for a look first, and to be left alone", async () => {
  const server = await profiled();
  const actions = await server.codeActions("app.py", 5);
  expect(actions.map(({ title }) => title)).toEqual([
    "Compile the pattern once, as _CLEAN_PATTERN (unproved)",
    "Prove that this fix is equal and faster (runs your code)",
    "Never propose fixes for this line",
  ]);
  expect(actions[0]?.edit?.changeAnnotations).toMatchObject({ "python-regex-in-hot-code": { needsConfirmation: true } });
  expect(actions[0]?.edit?.documentChanges).toMatchObject([
    { edits: [{ newText: "" }, { newText: "_CLEAN_PATTERN" }, { newText: '\n\n_CLEAN_PATTERN = re.compile(" +")' }] },
  ]);
  expect(actions[2]?.edit?.documentChanges).toMatchObject([{ edits: [{ newText: "  # flameline: ignore" }] }]);
  expect(await server.codeActions("app.py", 1)).toEqual([]);
});

test("views are told of it too, with its line and its function", async () => {
  const server = await profiled();
  const found = await server.ask("flameline/findings", { selection: { event: "cpu" } });
  const fix = found.find(({ kind }) => kind === "python-regex-in-hot-code");
  expect(fix).toMatchObject({
    event: "cpu",
    share: 0.2,
    places: [{ location: { file: `${server.folder}/app.py`, line: 5 }, functionName: "clean" }],
  });
  expect(fix?.frames).toHaveLength(1);
  expect(await server.ask("flameline/findings", { selection: { event: "cpu", fromNs: 1 } })).not.toContainEqual(fix);
});

test("what is said goes when the line is changed, ignored, closed or the setting is off", async () => {
  const server = await profiled();
  const shown = () => server.diagnostics("app.py").length;
  await expect.poll(shown).toBe(1);
  await server.edit("app.py", TEXT.replace("line)\n", "line)  # flameline: ignore\n"));
  await expect.poll(shown).toBe(0);
  await server.edit("app.py", `\n${TEXT}`);
  await expect.poll(() => server.diagnostics("app.py")[0]).toMatch(/^6: /);
  await server.settings({ fixes: { enabled: false, minimumShare: 0.01 } });
  await expect.poll(shown).toBe(0);
  await server.settings({ fixes: { enabled: true, minimumShare: 0.21 } });
  expect(await server.codeActions("app.py", 6)).toEqual([]);
});

test("a proof runs the recorded program in a copy, is shown on the fix, and is kept with the recording", async () => {
  const server = await profiled();
  const main = `\n\nif __name__ == "__main__":\n    for n in range(150):\n        clean("a  b   c %d " % n)\n`;
  server.write("app.py", TEXT + main);
  await server.edit("app.py", TEXT + main);
  await server.begin("20260101T000001Z-run");
  const file = `${server.folder}/app.py`;
  await server.stacks(`clean:5 (${file});sub:185 (${LIBRARY});_compile:280 (${LIBRARY}) 1\nclean:5 (${file}) 1`, {
    language: "python",
    processes: { python: { commandLine: ["python3", "app.py"], workingDirectory: server.folder } },
    threads: ["python/python"],
  });
  const steps: string[] = [];
  server.connection.onNotification("flameline/proving", ({ phrase }: { phrase: string }) => void steps.push(phrase));
  await expect.poll(async () => (await server.codeActions("app.py", 5)).length).toBe(3);
  const actions = await server.codeActions("app.py", 5);
  const [uri, fix] = (actions[1]?.command?.arguments ?? []) as string[];
  const proof = await server.ask("flameline/prove", { uri: uri ?? "", fix: fix ?? "", seconds: 100 });
  expect(proof).toMatchObject({ verdict: "proved" });
  expect(steps).toContain("comparing old and new");
  await expect
    .poll(() => server.diagnostics("app.py")[0])
    .toMatch(/^5: 50 % of cpu .*\(proved: clean \d\.\d\d times as fast, \d\.\d\d to \d\.\d\d\)$/);
  const [first, ...others] = await server.codeActions("app.py", 5);
  expect(first).toMatchObject({ isPreferred: true, edit: { documentChanges: [{ edits: [{}, {}, {}] }] } });
  expect(first?.edit?.changeAnnotations).toBeUndefined();
  expect(others.map(({ title }) => title)).toEqual(["Never propose fixes for this line"]);
  // Of another text nothing is proved.
  await server.edit("app.py", `${TEXT}${main}# more\n`);
  await expect.poll(() => server.diagnostics("app.py")[0]).toMatch(/\(unproved\)$/);
}, 60_000);

test("a fix that is gone can't be proved, and that is said", async () => {
  const server = await profiled();
  await expect(server.ask("flameline/prove", { uri: `file://${server.folder}/app.py`, fix: "x", seconds: 9 })).rejects.toThrow(
    /no longer there/,
  );
});
