/**
 * What the language server does with a profile until its flame graph can be drawn, in a process of its own: reads the file, makes the tree, and
 * writes the answer as the page gets it.
 *
 * ```
 * node viewers-open.cjs FILE ANSWER       prints { samples, ms, rssMb }
 * ```
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { selectedTree } from "../../language-server/graphs.js";
import { LoadedRecording } from "../../language-server/loaded-recording.js";
import { readProfile } from "../../language-server/read-profile.js";
import { Workspace } from "../../language-server/workspace.js";

async function main([file = "", answer = ""]: readonly string[]): Promise<void> {
  const start = performance.now();
  const { recording } = await readProfile(file);
  const workspace = new Workspace({ folders: [], storage: tmpdir() }, () => undefined);
  const loaded = new LoadedRecording(workspace, { id: "file", name: "file", folder: undefined, recording, live: false });
  const tree = await selectedTree(loaded, { selection: loaded.defaultSelection(), direction: "top-down", minimumShare: 0.0001 });
  const text = JSON.stringify(tree);
  const ms = performance.now() - start;
  writeFileSync(answer, text);
  console.log(JSON.stringify({ samples: tree?.samples ?? 0, ms, rssMb: process.resourceUsage().maxRSS / 1000 }));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
