import type { ResultOf } from "../protocol/language-server.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { count, percent } from "./wording.js";

type Finding = ResultOf<"flameline/diagnose">["findings"][number];

const SHOWN = 5;

/** What the doctor's report says of the current recording: losses, symbols, files, source maps, each with its mend. */
export async function diagnose(loaded: LoadedRecording): Promise<Finding[]> {
  const selection = loaded.defaultSelection();
  const view = await loaded.view(selection);
  return [...lossFindings(loaded), ...symbolFindings(loaded, view.functions()), ...fileFindings(loaded), ...sourceMapFindings(loaded)];
}

function lossFindings({ recording }: LoadedRecording): Finding[] {
  const { lost, leafOnly, truncated, broken } = recording.loss;
  const samples = recording.samples.length;
  const findings: Finding[] = [];
  if (lost > 0) {
    const share = percent(lost / (lost + samples));
    findings.push({
      ok: false,
      text: `${count(lost, "sample was", "samples were")} lost (${share}).`,
      mend: "Record at a lower sample rate (flameline.sampleRate).",
    });
  }
  if (leafOnly + truncated + broken > 0) {
    findings.push({
      ok: false,
      text: `Stacks: ${leafOnly} with the innermost frame only, ${truncated} cut at the depth limit, ${broken} broken off.`,
      mend: "Run the program once more while it is recorded: a binary's unwind tables are read when it is first seen.",
    });
  }
  return findings.length > 0 ? findings : [{ ok: true, text: `${count(samples, "sample", "samples")}, none lost, all stacks whole.` }];
}

/** Machine code without names, by module, the costliest first. */
function symbolFindings({ recording }: LoadedRecording, costs: { self: Float64Array; sum: number }): Finding[] {
  const byModule = new Map<string, number>();
  costs.self.forEach((cost, fn) => {
    const module = recording.functions.moduleOf(fn);
    if (cost > 0 && recording.functions.nameOf(fn) === "" && module !== "") {
      byModule.set(module, (byModule.get(module) ?? 0) + cost);
    }
  });
  const worst = [...byModule].sort((a, b) => b[1] - a[1]);
  if (worst.length === 0) {
    return [{ ok: true, text: "All machine code has function names." }];
  }
  return worst.slice(0, SHOWN).map(([module, cost]) => ({
    ok: false,
    text: `${module} has no symbols: ${percent(cost / costs.sum)} of the cost has no function name.`,
    mend: "Build it with -g, don't strip it, or install its debug package.",
  }));
}

/** An interpreter's or a kernel's own sources are nowhere on most machines, and nobody misses them. */
function fileFindings(loaded: LoadedRecording): Finding[] {
  const missing = Array.from(loaded.places.missing)
    .filter(([, { fn }]) => !["runtime", "kernel"].includes(loaded.owner(fn)))
    .sort((a, b) => b[1].positions - a[1].positions);
  if (missing.length === 0) {
    return [{ ok: true, text: "All recorded source files that are not the runtime's own are on this machine." }];
  }
  const more = missing.length - SHOWN;
  const findings = missing.slice(0, SHOWN).map(([file, { positions }]): Finding => {
    const mend = "Open the folder that holds it, or map its folder with flameline.pathMappings.";
    return { ok: false, text: `${file} is not on this machine (${count(positions, "sampled position", "sampled positions")}).`, mend };
  });
  return more > 0 ? [...findings, { ok: false, text: `${count(more, "more file is", "more files are")} not on this machine.` }] : findings;
}

function sourceMapFindings(loaded: LoadedRecording): Finding[] {
  const { places } = loaded;
  const bundles = places.shownPaths.filter((path, index) => {
    return (
      /\.(min\.)?[cm]?js$/.test(path) && /[/\\](dist|build|out)[/\\]|\.min\.[cm]?js$/.test(path) && loaded.ownerOfPath(index) === "mine"
    );
  });
  const mend =
    "Build with source maps (“sourceMap” in tsconfig.json, “--sourcemap” for bundlers) and keep the .map files beside their scripts.";
  return [
    ...bundles
      .slice(0, SHOWN)
      .map(
        (path): Finding => ({ ok: false, text: `${path} looks built and has no source map: its lines are those of the built file.`, mend }),
      ),
    ...places.notices.map((text): Finding => ({ ok: false, text, mend })),
  ];
}
