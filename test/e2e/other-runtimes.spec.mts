/** Runtimes without an example of their own: function, file and line of interpreted code, from a recording to the report. */
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { root } from "../../scripts/paths.mjs";
import { has } from "../../scripts/shell.mjs";
import { flameline, freshHelper, readReport, scratchFolder, WHY_NOT } from "../support/flameline.mjs";

interface Runtime {
  readonly name: string;
  readonly language: string;
  readonly source: string;
  /** Builds or runs for a number of seconds in the folder of the source. */
  readonly command: readonly string[];
  readonly build?: readonly string[];
  /** Of the hot function: its name as reported, and its lines in the source. */
  readonly hot: { readonly function: string; readonly from: number; readonly to: number };
  readonly caller: string;
  readonly whyNot: () => string | undefined;
}

const RUNTIMES: readonly Runtime[] = [
  {
    name: "Perl",
    language: "perl",
    source: "harbour.pl",
    command: ["perl", "harbour.pl", "4"],
    hot: { function: "Harbour::moorings", from: 6, to: 13 },
    caller: "Harbour::open_until",
    whyNot: () => missing("perl"),
  },
  {
    name: "PHP",
    language: "php",
    source: "harbour.php",
    command: ["php", "harbour.php", "4"],
    hot: { function: "Harbour::moorings", from: 5, to: 12 },
    caller: "Harbour::open",
    whyNot: () => missing("php"),
  },
  {
    name: "Ruby",
    language: "ruby",
    source: "harbour.rb",
    command: ["ruby", "harbour.rb", "4"],
    hot: { function: "moorings", from: 3, to: 11 },
    caller: "open",
    whyNot: () => missing("ruby") ?? strippedRuby(),
  },
  {
    name: "BEAM",
    language: "beam",
    source: "harbour.erl",
    build: ["erlc", "harbour.erl"],
    command: ["erl", "-noshell", "-s", "harbour", "start", "4"],
    hot: { function: "harbour:moorings/3", from: 5, to: 8 },
    caller: "harbour:open/2",
    whyNot: () => missing("erl") ?? oldBeam(),
  },
];

function missing(program: string): string | undefined {
  return has(program) ? undefined : `${program} is not installed`;
}

/** The engine finds Ruby's loop by a name that distributions strip away. */
function strippedRuby(): string | undefined {
  const library = outputOf("ruby", [
    "-e",
    'print File.readlines("/proc/self/maps").grep(/libruby|bin\\/ruby/).map { |l| l.split.last }.first',
  ]);
  return /\brb_vm_exec\b/.test(outputOf("readelf", ["--wide", "--symbols", library]))
    ? undefined
    : `the engine needs the symbol rb_vm_exec, and ${library} is stripped of it`;
}

function oldBeam(): string | undefined {
  const release = Number(outputOf("erl", ["-noshell", "-eval", "io:put_chars(erlang:system_info(otp_release)), halt()."]));
  return release >= 27 ? undefined : `the engine knows Erlang/OTP 27 and 28, and this is ${release}`;
}

function outputOf(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 }).stdout ?? "";
}

let helper: Awaited<ReturnType<typeof freshHelper>> | undefined;

test.beforeAll(async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  helper = await freshHelper();
});
test.afterAll(() => helper?.stop());

for (const runtime of RUNTIMES) {
  const { name, language, source, build, command, hot, caller } = runtime;
  test(`${name}'s hot function has its cost on its own lines, under its name`, async () => {
    const reason = runtime.whyNot();
    test.skip(reason !== undefined, reason);
    const scratch = scratchFolder();
    try {
      const file = path.join(scratch.path, source);
      cpSync(path.join(root, "test/fixtures/runtimes", source), file);
      if (build !== undefined) {
        const [program = "", ...args] = build;
        expect(spawnSync(program, args, { cwd: scratch.path, encoding: "utf8" })).toMatchObject({ status: 0 });
      }
      const profile = path.join(scratch.path, "run.pb.gz");
      const recorded = await flameline(["record", "-o", profile, "--hz", "499", "--", ...command], { cwd: scratch.path });
      expect(recorded.status, recorded.stderr).toBe(0);

      const lines = await readReport(profile, { cwd: scratch.path });
      const told = `${recorded.stderr}\n${JSON.stringify(lines.rows.slice(0, 10), undefined, 1)}`;
      expect(lines.samples, told).toBeGreaterThan(200);
      const inHot = lines.rows.filter((row) => row.file === file && hot.from <= (row.line ?? 0) && (row.line ?? 0) <= hot.to);
      const own = inHot.filter((row) => row.language === language && row.function === hot.function);
      // A line gets the interpreter's machine code below it too: a loop of arithmetic is nothing else.
      expect(own.reduce((sum, row) => sum + row.self, 0) / lines.total, told).toBeGreaterThan(0.85);
      const functions = await readReport(profile, { by: "function", cwd: scratch.path });
      const above = functions.rows.find((row) => row.function === caller && row.file === file);
      expect((above?.total ?? 0) / functions.total, JSON.stringify(functions.rows.slice(0, 10), undefined, 1)).toBeGreaterThan(0.85);
    } finally {
      scratch.remove();
    }
  });
}
