import type { TextEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { afterEach, expect, test } from "vitest";
import { startServer, stopServers, type TestServer } from "./test-server.js";

/** Other programs run, too. */
const SOON = { timeout: 10_000 };

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
    .poll(() => server.diagnostics("app.py"), SOON)
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
  await expect.poll(shown, SOON).toBe(1);
  await server.edit("app.py", TEXT.replace("line)\n", "line)  # flameline: ignore\n"));
  await expect.poll(shown, SOON).toBe(0);
  await server.edit("app.py", `\n${TEXT}`);
  await expect.poll(() => server.diagnostics("app.py")[0], SOON).toMatch(/^6: /);
  await server.settings({ fixes: { enabled: false, minimumShare: 0.01 } });
  await expect.poll(shown, SOON).toBe(0);
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
  await expect.poll(async () => (await server.codeActions("app.py", 5)).length, SOON).toBe(3);
  const actions = await server.codeActions("app.py", 5);
  const [uri, fix] = (actions[1]?.command?.arguments ?? []) as string[];
  const proof = await server.ask("flameline/prove", { uri: uri ?? "", fix: fix ?? "", seconds: 100 });
  expect(proof).toMatchObject({ verdict: "proved" });
  expect(steps).toContain("comparing old and new");
  await expect
    .poll(() => server.diagnostics("app.py")[0], SOON)
    .toMatch(/^5: 50 % of cpu .*\(proved: clean \d\.\d\d times as fast, \d\.\d\d to \d\.\d\d\)$/);
  const [first, ...others] = await server.codeActions("app.py", 5);
  expect(first).toMatchObject({ isPreferred: true, edit: { documentChanges: [{ edits: [{}, {}, {}] }] } });
  expect(first?.edit?.changeAnnotations).toBeUndefined();
  expect(others.map(({ title }) => title)).toEqual(["Never propose fixes for this line"]);
  // Once it is made it can be shared, with its record.
  const [change] = first?.edit?.documentChanges ?? [];
  if (change === undefined || !("edits" in change)) throw new Error("no edit is offered");
  const text = TextDocument.applyEdits(TextDocument.create("file:///app.py", "python", 0, TEXT + main), change.edits as TextEdit[]);
  await server.edit("app.py", text);
  await server.ask("flameline/fixApplied", { uri: uri ?? "", fixes: [fix ?? ""] });
  const { fixes, unproved } = await server.ask("flameline/madeFixes", {});
  expect(unproved).toBe(0);
  expect(fixes).toMatchObject([
    { file, rule: "python-regex-in-hot-code", subject: "clean", oldText: TEXT + main, proof, before: { share: 1 } },
  ]);
  expect(fixes[0]?.before?.graph).toEqual(["  100 %  clean", "   50 %    sub", "   50 %      _compile"]);
  expect(fixes[0]?.after).toBeUndefined();
  await server.edit("app.py", TEXT + main);
  expect(await server.ask("flameline/madeFixes", {})).toEqual({ fixes: [], unproved: 0 });
  // So is anybody's change; one that behaves differently is not.
  const asked = { uri: uri ?? "", subject: "clean", title: "Change clean", seconds: 60 };
  const wrong = [{ old: 're.sub(" +", " ", line)', new: '" ".join(line.split())' }];
  expect(await server.ask("flameline/proveChange", { ...asked, changes: wrong })).toMatchObject({
    proof: { verdict: "failed" },
    edits: [{ range: { start: { line: 4, character: 11 } }, newText: '" ".join(line.split())' }],
  });
  expect(await server.ask("flameline/proveChange", { ...asked, changes: [{ old: "line", new: "row" }] })).toMatchObject({
    proof: { verdict: "refused", reason: expect.stringMatching(/more than once/) },
    edits: [],
  });
  const right = [
    { old: "import re\n", new: 'import re\n\nSPACES = re.compile(" +")\n' },
    { old: 're.sub(" +", " ", line)', new: 'SPACES.sub(" ", line)' },
  ];
  const proposed = await server.ask("flameline/proveChange", { ...asked, changes: right });
  expect(proposed.proof).toMatchObject({ verdict: "proved" });
  const old = TextDocument.create("file:///app.py", "python", 0, TEXT + main);
  await server.edit("app.py", TextDocument.applyEdits(old, [...proposed.edits]));
  await server.ask("flameline/fixApplied", { uri: uri ?? "", fixes: [proposed.fix] });
  expect((await server.ask("flameline/madeFixes", {})).fixes).toMatchObject([
    {
      file,
      rule: "proposed-change",
      title: "Change clean",
      subject: "clean",
      oldText: TEXT + main,
      proof: proposed.proof,
      before: { share: 1 },
    },
  ]);
  await server.edit("app.py", TEXT + main);
  expect(await server.ask("flameline/explainLine", { uri: uri ?? "", line: 4 })).toMatchObject({
    cost: expect.stringMatching(/^\*\*100 % total/),
    fixes: [expect.stringMatching(/^Compile the pattern once.*\(proved: clean/)],
  });
  expect(await server.ask("flameline/explainLine", { uri: uri ?? "", line: 0 })).toBeNull();
  // Of another text nothing is proved.
  await server.edit("app.py", `${TEXT}${main}# more\n`);
  await expect.poll(() => server.diagnostics("app.py")[0], SOON).toMatch(/\(unproved\)$/);
}, 120_000);

test("a fix that is gone can't be proved, and that is said", async () => {
  const server = await profiled();
  await expect(server.ask("flameline/prove", { uri: `file://${server.folder}/app.py`, fix: "x", seconds: 9 })).rejects.toThrow(
    /no longer there/,
  );
});

/** The text with the first offered change made in it, as an editor makes it; the server is told. */
async function take(server: TestServer): Promise<string> {
  await expect.poll(async () => (await server.codeActions("app.py", 5)).length, SOON).toBeGreaterThan(1);
  const [fix] = await server.codeActions("app.py", 5);
  const [change] = fix?.edit?.documentChanges ?? [];
  if (change === undefined || !("edits" in change)) throw new Error("no edit is offered");
  const document = TextDocument.create("file:///app.py", "python", 0, TEXT);
  const text = TextDocument.applyEdits(document, change.edits as TextEdit[]);
  await server.edit("app.py", text);
  server.write("app.py", text);
  const [uri = "", id = ""] = (fix?.command?.arguments ?? []) as string[];
  expect(fix?.command?.command).toBe("flameline.fixApplied");
  await server.ask("flameline/fixApplied", { uri, fixes: [id] });
  return text;
}

test("a fix that was taken is told with what its function was and is, once the program was recorded again", async () => {
  const server = await profiled();
  const text = await take(server);
  expect(await server.ask("flameline/madeFixes", {})).toEqual({ fixes: [], unproved: 1 });
  expect(await server.hover("app.py", 7)).toMatch(
    /^\*\*Fixed:\*\* Compile the pattern once.* clean was 100 % of CPU .*record again to see/,
  );
  await server.begin("20260101T000001Z-run");
  const file = `${server.folder}/app.py`;
  const samples = Array.from({ length: 500 }, (_, n) => `main:11 (${file})${n % 10 < 3 ? `;clean:7 (${file})` : ""} 1`);
  await server.stacks(samples.join("\n"), { language: "python" });
  await expect.poll(() => server.lenses("app.py"), SOON).toContainEqual(expect.stringMatching(/30 % total \(was 100 % before the fix\)/));
  expect(await server.hover("app.py", 7)).toMatch(
    /clean was 100 % of CPU \(.+ a second\), is now 30 % \(.+ a second\)\. \[Roll back\]\(command:/,
  );
  // Edits around it don't matter.
  await server.edit("app.py", `# more\n\n${text}`);
  const actions = await server.codeActions("app.py", 9);
  const back = actions.find(({ title }) => title.startsWith("Roll back this fix: Compile the pattern once"));
  expect(back?.title).toMatch(/\(was 100 %, now 30 %\)$/);
  const [change] = back?.edit?.documentChanges ?? [];
  if (change === undefined || !("edits" in change)) throw new Error("nothing is rolled back");
  const document = TextDocument.create("file:///app.py", "python", 0, `# more\n\n${text}`);
  expect(TextDocument.applyEdits(document, change.edits as TextEdit[])).toBe(`# more\n\n${TEXT}`);
});

test("the command rolls back the fix at the cursor, or the only one; none where its lines were changed since", async () => {
  const server = await profiled();
  const text = await take(server);
  const uri = `file://${server.folder}/app.py`;
  const found = await server.ask("flameline/rollBack", { uri, line: 0 });
  const document = TextDocument.create(uri, "python", 0, text);
  expect(TextDocument.applyEdits(document, [...(found?.edits ?? [])] as TextEdit[])).toBe(TEXT);
  await server.edit("app.py", text.replace("_CLEAN_PATTERN.sub", "_CLEAN_PATTERN.subn"));
  expect(await server.ask("flameline/rollBack", { uri, line: 6 })).toBeNull();
  await server.edit("app.py", TEXT);
  expect(await server.ask("flameline/rollBack", { uri, line: 4 })).toBeNull();
});
