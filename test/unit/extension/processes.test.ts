import { describe, expect, test } from "vitest";
import { editorPids } from "../../../extension/targets/editor-processes.js";
import { workspaceProcesses } from "../../../extension/targets/workspace-processes.js";
import type { ProcessListEntry } from "../../../protocol/helper.js";

/** One process a line: "pid parent executable folder | arguments…". */
function processesOf(text: string): ProcessListEntry[] {
  return text
    .trim()
    .split("\n")
    .map((row) => {
      const [head = "", ...rest] = row.trim().split("|");
      const [pid, parentPid, executable = "", workingDirectory = ""] = head.trim().split(/\s+/);
      const commandLine = [executable, ...rest.join("|").trim().split(/\s+/).filter(Boolean)];
      return {
        pid: Number(pid),
        parentPid: Number(parentPid),
        name: executable.split("/").at(-1) ?? "",
        executable,
        commandLine,
        workingDirectory,
        uid: 1000,
        cpuNs: 0,
      };
    });
}

const SERVER = `
   1  0 /sbin/init          /
  10  1 /usr/bin/sh         /home/me     | /opt/code/bin/code-server --port 8080
  11 10 /opt/code/node      /home/me     | /opt/code/out/server-main.js
  20 11 /opt/code/node      /home/me     | /opt/code/out/bootstrap-fork --type=extensionHost
  21 20 /opt/code/node      /home/me/app | /home/me/.ext/flameline/dist/language-server.js --node-ipc
  22 20 /home/me/go/gopls   /home/me/app | -mode=stdio --stdio
  23 20 /usr/bin/python3    /home/me/app | /home/me/app/debuggee.py
  24 20 /opt/code/node      /home/me/app | --inspect debuggee.js
  30 11 /opt/code/node      /home/me     | /opt/code/out/bootstrap-fork --type=ptyHost
  31 30 /usr/bin/bash       /home/me/app | --init-file /opt/code/out/shellIntegration-bash.sh
  32 31 /opt/code/node      /home/me/app | server.mjs
  33 32 /usr/bin/git        /            | gc
  40  1 /usr/bin/python3    /srv/other   | other.py
  91 90 /home/me/.ext/flameline/dist/flameline-helper /home/me/app | symbolize
`;

const place = { hostPid: 20, helperPid: 90, programFolders: ["/opt/code", "/home/me/.ext/flameline"], workspaceFolders: ["/home/me/app"] };
const sorted = (pids: ReadonlySet<number>) => [...pids].toSorted((a, b) => a - b);

describe("VS Code's own processes", () => {
  test("are the hosts, the server above them and the language servers below, not terminals and debuggees", () => {
    expect(sorted(editorPids(processesOf(SERVER), place))).toEqual([10, 11, 20, 21, 22, 30, 90, 91]);
  });

  test("a program in a terminal is the user's even when it is the node that VS Code runs on", () => {
    expect(editorPids(processesOf(SERVER), place).has(32)).toBe(false);
  });

  test("Electron's helpers without a script of their own are VS Code's", () => {
    const desktop = `
      5 1 /usr/share/code/code / |
      6 5 /usr/share/code/code / | --type=renderer
      7 5 /usr/share/code/code / | --type=utility
      8 7 /usr/bin/zsh /home/me/app |
      9 8 /home/me/app/target/release/app /home/me/app |`;
    expect(sorted(editorPids(processesOf(desktop), { ...place, hostPid: 7, programFolders: [] }))).toEqual([5, 6, 7, 90]);
  });

  test("an extension host that is not in the list is left out all the same", () => {
    expect(sorted(editorPids([], place))).toEqual([20, 90]);
  });
});

describe("what runs in a workspace", () => {
  const found = (text: string) => {
    const list = processesOf(text);
    return workspaceProcesses(list, place.workspaceFolders, editorPids(list, place), new Set([place.hostPid])).map(({ pid }) => pid);
  };

  test("is what VS Code is not, and not a shell at its prompt", () => {
    expect(found(SERVER)).toEqual([23, 24, 32, 33]);
  });

  test("is no server that an extension started there, and what a debuggee starts", () => {
    const more = `${SERVER}
      25 20 /home/me/bin/clangd  /home/me/app |
      26 25 /usr/bin/cc          /home/me/app | -E
      27 23 /usr/bin/sort        /home/me/app |
      28 20 /opt/code/node       /home/me/app | /home/me/app/node_modules/typescript/lib/tsserver.js --useNodeIpc`;
    expect(found(more)).toEqual([23, 24, 32, 33, 27]);
  });

  test("nothing, where only VS Code and its terminal are there", () => {
    const idle = SERVER.split("\n").filter((row) => !/^\s+(23|24|32|33) /.test(row));
    expect(found(idle.join("\n"))).toEqual([]);
  });

  test("a program elsewhere whose script lies in the workspace counts, one beside it does not", () => {
    expect(found(`${SERVER}\n50 1 /usr/bin/node / | /home/me/app/job.js\n51 1 /usr/bin/node / | /home/me/app2/job.js`)).toContain(50);
    expect(found(`${SERVER}\n51 1 /usr/bin/node / | /home/me/app2/job.js`)).not.toContain(51);
  });

  test("VS Code started in the workspace's own folder does not make everything below it count", () => {
    const started = SERVER.replace(
      "/opt/code/node      /home/me     | /opt/code/out/server-main.js",
      "/opt/code/node /home/me/app | /opt/code/out/server-main.js",
    );
    expect(found(`${started}\n60 11 /usr/bin/rg /usr | pattern`)).not.toContain(60);
  });
});
