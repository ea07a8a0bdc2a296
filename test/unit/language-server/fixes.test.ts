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
    "Never propose fixes for this line",
  ]);
  expect(actions[0]?.edit?.changeAnnotations).toMatchObject({ "python-regex-in-hot-code": { needsConfirmation: true } });
  expect(actions[0]?.edit?.documentChanges).toMatchObject([
    { edits: [{ newText: "" }, { newText: "_CLEAN_PATTERN" }, { newText: '\n\n_CLEAN_PATTERN = re.compile(" +")' }] },
  ]);
  expect(actions[1]?.edit?.documentChanges).toMatchObject([{ edits: [{ newText: "  # flameline: ignore" }] }]);
  expect(await server.codeActions("app.py", 1)).toEqual([]);
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
