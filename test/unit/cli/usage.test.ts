import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRecordPlan } from "../../../cli/record-plan.js";
import { readVersion } from "../../../cli/version.js";
import { Run } from "./run.js";

let run: Run;
beforeEach(() => {
  run = new Run();
});
afterEach(() => run.dispose());

const mistakes: readonly (readonly [string, string])[] = [
  ["recrod", "There is no command recrod. Did you mean record? `flameline help` lists them."],
  ["toString", "There is no command toString. `flameline help` lists them."],
  ["record --secnds 5", "There is no option --secnds. Did you mean --seconds?"],
  ["record --seconds", "--seconds needs a value."],
  ["record --seconds soon", "--seconds takes a number from 0.1 to 604800, not soon."],
  ["record --hz 0", "--hz takes a whole number from 1 to 999, not 0."],
  ["record --hz 99 --hz 100", "--hz is given twice."],
  ["record --pid 0x10", "--pid takes a whole number from 1 to 4194304, not 0x10."],
  ["record --pid 1 -- true", "Give one of --pid, --workspace and -- COMMAND."],
  ["record python app.py", "Write -- before the command to start: flameline record -- python …"],
  ["record --", "Name the command to start after --."],
  ["record --allocations-for 61 -- true", "--allocations-for takes a whole number from 1 to 60, not 61."],
  ["record --events cpu --allocations-for 5 -- true", "--allocations-for goes with --events alloc."],
  ["record --keep --events alloc", "--keep goes on all day, and allocations are followed for seconds: record them apart."],
  ["record --events cpu,memroy -- true", "There is no event memroy. Did you mean memory? There are cpu, off_cpu, memory, io, net, alloc."],
  ["report", "Name the profile to read."],
  ["report a b", "Name only one file: b is one too many."],
  ["report --by lines a", "There is no way to sort by lines. Did you mean line? There are line, function, process, thread, file."],
  ["report --json=yes a", "--json takes no value."],
  ["report --constructor a", "There is no option --constructor."],
  ["export a --to svg -o b", "svg cannot be written. Available: pprof, collapsed, speedscope, cpuprofile, html."],
  [
    "export a --to colapsed -o b",
    "colapsed cannot be written. Did you mean collapsed? Available: pprof, collapsed, speedscope, cpuprofile, html.",
  ],
  ["export a --to pprof", "Name the file to write with -o (- is the standard output)."],
  ["helper stat", "`flameline helper` knows only install, uninstall, status and restart. Did you mean status?"],
  ["doctor now", "`flameline doctor` takes no operands."],
];

test.each(mistakes)("`flameline %s` is answered in one sentence", async (line, sentence) => {
  expect(await run.line(...line.split(" "))).toBe(`2\nflameline: ${sentence}`);
});

test("a folder that does not exist is told before anything is started", async () => {
  expect(await run.line("record", "--workspace", "nowhere")).toBe("2\nflameline: There is no folder DIR/nowhere. Name an existing folder.");
});

test("a machine that cannot record is exit code 3, with the action", async () => {
  run.machine = { ...run.machine, platform: "win32" };
  expect(await run.line("record", "--", "true")).toBe(
    "3\nflameline: Recording needs a Linux kernel, and this is Windows; profiles can be opened here all the same. " +
      "Open the folder through Remote SSH, WSL or a dev container and record there.",
  );
});

test("a missing helper is exit code 3", async () => {
  run.machine = { ...run.machine, platform: "linux", socketFolder: run.path("run"), servicePrograms: [] };
  expect(await run.line("record", "--", "true")).toMatch(/^3\nflameline: The recording helper is missing: DIR\/helper does not exist\./);
  expect(await run.line("helper", "status", "--json")).toBe(
    '1\n{\n  "running": false,\n  "helper": null,\n  "socket": null,\n  "service": null\n}',
  );
});

test("help names every command, and without a command it is a mistake", async () => {
  expect(await run.line("help")).toMatch(
    /^0\n(.|\n)*flameline record(.|\n)*flameline report(.|\n)*flameline export(.|\n)*flameline doctor(.|\n)*flameline helper/,
  );
  expect(await run.line()).toMatch(/^2\n/);
  expect(await run.line("report", "--help")).toMatch(/^0\nflameline report FILE/);
});

test("io and net stand for two events each, and the file is named after the time", () => {
  const plan = readRecordPlan(
    ["--events", "cpu,io,net", "--seconds", "1.5", "--", "make", "-j", "--", "all"],
    "/",
    Date.UTC(2025, 0, 2, 3, 4, 5),
  );
  expect(plan).toEqual({
    target: { kind: "command", program: "make", args: ["-j", "--", "all"] },
    name: "make -j -- all",
    events: ["cpu", "io_read", "io_write", "net_send", "net_recv"],
    hz: 99,
    seconds: 1.5,
    output: "/flameline-20250102T030405Z.pb.gz",
  });
});

test("the version is the package's", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flameline-version-"));
  try {
    writeFileSync(join(folder, "package.json"), '{"version":"7.8.9"}');
    expect(await readVersion({ programFolder: join(folder, "dist") })).toBe("7.8.9");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
