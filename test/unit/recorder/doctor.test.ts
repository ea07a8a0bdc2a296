import { appendFileSync, copyFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { examine, type Finding, reportText } from "../../../recorder/doctor.js";
import type { Machine } from "../../../recorder/machine.js";
import { FakeHelper } from "./fake-helper.js";

let helper: FakeHelper;
beforeEach(() => {
  helper = new FakeHelper();
});
afterEach(() => helper.close());

const HEALTHY: Readonly<Record<string, string>> = {
  "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
  "/proc/sys/kernel/perf_event_paranoid": "3\n",
  "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
  "/proc/self/status": "CapBnd:\t000001ffffffffff\n",
};

async function findings(files: Readonly<Record<string, string>>, change: Partial<Machine> = {}): Promise<readonly Finding[]> {
  const machine: Machine = {
    ...helper.machine,
    readText: (path) => files[path],
    exists: (path) => path in files || path === "/sys/kernel/btf/vmlinux",
    inFirstPidNamespace: () => true,
    ...change,
  };
  return examine({ helperPath: process.execPath, program: "test", machine });
}

test("a healthy machine needs nothing, and the running helper is named", async () => {
  await helper.listen();
  const found = await findings(HEALTHY, { uid: helper.machine.uid });
  const text = reportText("Flameline", found).replaceAll(process.execPath, "HELPER").replaceAll(process.arch, "ARCH");
  expect(text.split("\n").filter((line) => !line.includes(" root  ") && !line.includes("symbols") && !line.includes("→"))).toEqual([
    "Flameline",
    "  ok  kernel    Linux 6.1.0-18-amd64.",
    "  ok  btf       The kernel describes its own types (BTF).",
    "  ok  lockdown  Kernel lockdown: integrity.",
    "  ok  perf      kernel.perf_event_paranoid is 3; root is not bound by it.",
    "  ok  tracefs   tracefs is not visible to this user or not mounted; the helper looks for itself.",
    "  ok  rights    Root may use BPF here (no container).",
    "  ok  helper    The helper HELPER is built for ARCH.",
    "  ok  service   The service for all users is not installed; recording starts a helper by sudo.",
    "  ok  running   Helper 0.1.0 is running (process 4242) and can record: cpu.",
    "Everything needed to record is here.",
    "",
  ]);
});

const faults: readonly (readonly [string, Readonly<Record<string, string>>, Partial<Machine>, string])[] = [
  [
    "an old kernel",
    { "/proc/sys/kernel/osrelease": "5.4.0-1" },
    {},
    "kernel: Linux 5.4.0-1 is older than 5.10. → Boot a kernel of at least 5.10.",
  ],
  [
    "WSL 1",
    { "/proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft" },
    {},
    "kernel: This is WSL 1 (4.4.0-19041-Microsoft), which has no Linux kernel. → wsl --set-version DISTRIBUTION 2",
  ],
  [
    "a kernel without BTF",
    {},
    { exists: () => false },
    "btf: The kernel does not describe its own types (no /sys/kernel/btf/vmlinux). → Boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions build it since 2021.",
  ],
  [
    "lockdown",
    { "/sys/kernel/security/lockdown": "none integrity [confidentiality]" },
    {},
    "lockdown: Kernel lockdown is in confidentiality mode, which forbids BPF to read stacks. → Boot with lockdown=integrity, or switch Secure Boot's confidentiality policy off.",
  ],
  [
    "a container with its own process numbers",
    { "/run/.containerenv": "" },
    { inFirstPidNamespace: () => false },
    'rights: This container has its own process numbers, and the kernel\'s samples carry the host\'s. → Start the container again with /run/flameline of a host that has the service (docs/service.md), or with all rights (in a dev container: "runArgs": ["--privileged", "--pid=host"]): podman run --privileged --pid=host IMAGE',
  ],
  [
    "a missing sudo",
    {},
    { uid: 1000, env: { PATH: "/nonexistent" } },
    "root: Recording needs root, and sudo is not installed here. → Run this in a terminal, leave it running, and record again: su -c 'HELPER serve --user 1000'",
  ],
  [
    "macOS",
    {},
    { platform: "darwin" },
    "platform: Recording needs a Linux kernel, and this is macOS; profiles can be opened here all the same. → Open the folder through Remote SSH, WSL or a dev container and record there.",
  ],
];

test.each(faults)("%s is found, with its mend", async (_, files, change, expected) => {
  const found = await findings({ ...HEALTHY, ...files }, change);
  const wrong = found
    .filter((finding) => !finding.ok)
    .map(({ id, text, mend }) => `${id}: ${text} → ${mend ?? ""}`.replaceAll(process.execPath, "HELPER"));
  expect(wrong).toEqual([expected]);
});

test("where a service serves the user, neither rights nor root are needed, as in a container", async () => {
  await helper.listen(undefined, helper.servicePath);
  const found = await findings(
    { ...HEALTHY, "/proc/self/status": "CapBnd:\t0000000000000000\n", "/.dockerenv": "" },
    { inFirstPidNamespace: () => false },
  );
  const texts = Object.fromEntries(found.map(({ id, text }) => [id, text]));
  expect(found.filter(({ ok }) => !ok)).toEqual([]);
  expect(texts).toMatchObject({
    rights: "The service records for this user, so no rights are needed here.",
    service: "The service of this machine's host serves this user.",
    root: "Root is not needed: the service has it.",
  });
});

test("a service that does not run, or is another package's, is told with the command that mends it", async () => {
  const installed = helper.path("flameline-helper");
  copyFileSync(process.execPath, installed);
  const ofService = async (): Promise<Finding | undefined> =>
    (await findings(HEALTHY, { servicePrograms: [installed] })).find(({ id }) => id === "service");
  expect(await ofService()).toMatchObject({
    ok: true,
    text: expect.stringContaining("but does not run."),
    mend: "flameline helper install --start",
  });
  appendFileSync(installed, "x");
  expect(await ofService()).toMatchObject({
    ok: true,
    text: expect.stringContaining("it is not this package's helper."),
    mend: "flameline helper install",
  });
});
