import { expect, test } from "vitest";
import { describe as describeFailure, type Failure, failureText } from "../../../recorder/failures.js";

const target = { kind: "workspace", folders: ["/a", "/b", "/c", "/d"] } as const;
const helperPath = "/it's here/flameline-helper";

/** One of each; a new kind does not compile until it stands here. */
const EACH: { readonly [K in Failure["kind"]]: Extract<Failure, { readonly kind: K }> } = {
  "unsupported-platform": { kind: "unsupported-platform", platform: "darwin" },
  "helper-missing": { kind: "helper-missing", path: "/x/flameline-helper" },
  "helper-wrong-processor": { kind: "helper-wrong-processor", path: "/x", found: "x64", expected: "arm64" },
  "helper-damaged": { kind: "helper-damaged", path: "/x/flameline-helper" },
  "helper-busy": { kind: "helper-busy" },
  "service-wrong-version": { kind: "service-wrong-version", ours: 1, theirs: 2 },
  "service-refuses": {
    kind: "service-refuses",
    uid: 1000,
    detail: "the client is root without the right to look at others' processes (CAP_SYS_PTRACE)",
  },
  "service-needs-root": {
    kind: "service-needs-root",
    change: "install",
    reason: "sudo is not installed here",
    command: "su -c 'x install'",
  },
  "service-failed": { kind: "service-failed", change: "uninstall", detail: "process 9 does not end" },
  "container-without-rights": { kind: "container-without-rights", engine: "kubernetes" },
  "no-privilege": { kind: "no-privilege", detail: "CAP_BPF is missing" },
  "kernel-unsupported": { kind: "kernel-unsupported", detail: "no BTF" },
  "sudo-missing": { kind: "sudo-missing", helperPath, uid: 1000 },
  "sudo-forbidden": { kind: "sudo-forbidden", helperPath, uid: 1000 },
  "sudo-wrong-password": { kind: "sudo-wrong-password", attempts: 3, helperPath },
  "sudo-needs-password": { kind: "sudo-needs-password", helperPath },
  "sudo-needs-terminal": { kind: "sudo-needs-terminal", helperPath },
  "sudo-failed": { kind: "sudo-failed", detail: "unable to resolve host", helperPath },
  "password-cancelled": { kind: "password-cancelled", helperPath },
  cancelled: { kind: "cancelled" },
  "helper-failed": { kind: "helper-failed", detail: "no such device" },
  "helper-silent": { kind: "helper-silent", seconds: 20 },
  "socket-untrusted": { kind: "socket-untrusted", path: "/run/flameline", reason: "it is a symbolic link" },
  "wrong-version": { kind: "wrong-version", ours: 1, theirs: 2, pid: 42 },
  "helper-nonsense": { kind: "helper-nonsense", detail: "a binary frame" },
  "helper-closed": { kind: "helper-closed", keptBatches: 3, detail: "" },
  "helper-refused": { kind: "helper-refused", detail: "hz 0" },
  "engine-failed": { kind: "engine-failed", detail: "out of memory" },
  "too-many-recordings": { kind: "too-many-recordings" },
  "events-unavailable": { kind: "events-unavailable", events: ["memory"], available: ["cpu"] },
  "no-such-process": { kind: "no-such-process", pid: 9 },
  "not-permitted": { kind: "not-permitted", target: { kind: "process", pid: 9 } },
  "nothing-recorded": { kind: "nothing-recorded", target, seconds: 12.3 },
  "folder-missing": { kind: "folder-missing", path: "/x" },
  "command-not-started": { kind: "command-not-started", command: "x", detail: "there is no such program" },
  "file-missing": { kind: "file-missing", path: "/x" },
  "file-not-written": { kind: "file-not-written", path: "/x", detail: "disk full" },
  "file-too-large": { kind: "file-too-large", path: "/x", bytes: 600e6, limit: 512e6 },
  "profile-unreadable": { kind: "profile-unreadable", path: "/x", detail: "it is empty" },
  "recording-too-large": { kind: "recording-too-large", limit: 1e9 },
  "keep-elsewhere": { kind: "keep-elsewhere", folder: "/home/me/app/flameline-keep", pid: 4711 },
  "no-symbols": { kind: "no-symbols", modules: ["liba.so", "libb.so"] },
  "sources-differ": { kind: "sources-differ", missing: ["/gone.py"], changed: ["/new.py"] },
};

test.each(Object.values(EACH))("$kind is one sentence and one action", (failure) => {
  const { sentence, action } = describeFailure(failure);
  // A full stop inside is allowed only as part of a name or a number.
  expect(sentence).toMatch(/^\S[^\n]*\.$/);
  expect(sentence.replace(/\.$/, "")).not.toMatch(/\. [A-Z]/);
  expect(action).toMatch(/^[A-Z][^\n]*[.:]$/);
  expect(failureText(failure)).not.toMatch(/undefined|\[object|\.\.|::/);
});

test("all failures, as a user reads them", () => {
  expect(Object.values(EACH).map(failureText)).toMatchInlineSnapshot(`
    [
      "Recording needs a Linux kernel, and this is macOS; profiles can be opened here all the same. Open the folder through Remote SSH, WSL or a dev container and record there.",
      "The recording helper is missing: /x/flameline-helper does not exist. Install the Flameline package for this platform; in a checkout, build the helper: npm run build:helper",
      "The recording helper is built for x64, and this machine is arm64. Install the Flameline package for this machine's processor; in a checkout, build the helper here: npm run build:helper",
      "The recording helper /x/flameline-helper is not the one that was built with this package, so it is not run as root. Install the Flameline package again; in a checkout, build the helper: npm run build:helper",
      "The recording helper has as many clients as it serves. Close other windows that record, or wait a minute, and record again.",
      "Flameline's service on this machine is of another version (it speaks protocol 2, this one speaks 1). Update Flameline here, or put this version's service in its place for all users: flameline helper install",
      "Flameline's service on this machine does not serve user 1000 (the client is root without the right to look at others' processes (CAP_SYS_PTRACE)). Record as a user whom the machine knows; in a container, as one whose number the host maps, or give root CAP_SYS_PTRACE.",
      "Installing the service needs root, and sudo is not installed here. Run this in a terminal as someone who may: su -c 'x install'",
      "The service could not be removed: process 9 does not end. Mend that and try again; the doctor says what is there now: flameline doctor",
      "This is a container without the rights to record, and only its host can grant them. Let an administrator of the cluster start the pod with hostPID: true and securityContext.privileged: true, for example: kubectl run work --image=IMAGE --overrides='{"spec":{"hostPID":true,"containers":[{"name":"work","image":"IMAGE","securityContext":{"privileged":true}}]}}'",
      "The helper runs as root but lacks the rights to record (CAP_BPF is missing). Give it CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) and the calls bpf() and perf_event_open(), and record again; the doctor lists what is missing: flameline doctor",
      "This kernel cannot record: no BTF. Use Linux 5.10 or newer with BPF and BTF enabled; the doctor lists what is missing: flameline doctor",
      "Recording needs root, and sudo is not installed here. Run this in a terminal, leave it running, and record again: su -c ''\\''/it'\\''\\'\\'''\\''s here/flameline-helper'\\'' serve --user 1000'",
      "Recording needs root, and your user may not use sudo. Ask an administrator of this machine to run this command, then record again: su -c ''\\''/it'\\''\\'\\'''\\''s here/flameline-helper'\\'' serve --user 1000'",
      "sudo did not accept the password (3 tries). Record again with the right password, or run this in a terminal and leave it running: sudo '/it'\\''s here/flameline-helper' serve",
      "Recording needs root, and sudo asks for a password that nobody is here to type. Run this in a terminal, leave it running, and record again: sudo '/it'\\''s here/flameline-helper' serve",
      "Recording needs root, and sudo on this machine only works from a terminal. Run this in a terminal, leave it running, and record again: sudo '/it'\\''s here/flameline-helper' serve",
      "sudo could not start the helper: unable to resolve host. Run this in a terminal, leave it running, and record again: sudo '/it'\\''s here/flameline-helper' serve",
      "Recording needs root, and the password was not given. Record again and type the password, or run this in a terminal and leave it running: sudo '/it'\\''s here/flameline-helper' serve",
      "Cancelled before the recording began. Record again when you are ready.",
      "The recording helper ended at its start: no such device. Run the doctor to see what this machine lacks: flameline doctor",
      "The recording helper gave no answer for 20 s. Try again; if it stays silent, end it and record again: sudo pkill -x flameline-helpe",
      "Flameline does not connect to /run/flameline: it is a symbolic link. If nobody put it there on purpose, remove it and record again: sudo rm -rf /run/flameline",
      "Another version of the recording helper is running (it speaks protocol 2, this one speaks 1). Restart the helper; recordings of other windows end with it: sudo kill 42",
      "The recording helper sent something that is not of its protocol: a binary frame. What was taken until then is kept. Record again; if it happens again, report it with the log.",
      "The recording helper ended unexpectedly. What was recorded until then is kept. Record again to start a new helper.",
      "The recording helper refused the request: hz 0. Change the request and record again.",
      "The recording engine failed: out of memory. What was taken until then is kept. Run the doctor to see what this machine lacks: flameline doctor",
      "Too many recordings run at the same time. Stop one of them, in this window or another, and record again.",
      "memory cannot be recorded here. Record cpu instead, or use a newer helper.",
      "There is no process 9. Choose a running process; \`ps\` lists them.",
      "You may not record process 9: it belongs to another user. Choose one of your own processes, or record as root.",
      "No CPU time was used by a process of /a, /b, /c and 1 more in 12 s. Start the program, or let it work while recording; \`flameline record -- COMMAND\` starts it under the profiler.",
      "There is no folder /x. Name an existing folder.",
      "x could not be started: there is no such program. Check the command's name and its PATH.",
      "There is no file /x. Check the name; \`flameline record\` writes ./flameline-<UTC>.pb.gz.",
      "/x could not be written: disk full. Choose another place with free space that you may write to.",
      "/x is too large to read: 600 MB of at most 512 MB. Record a shorter time or at a lower rate.",
      "/x is not a profile that Flameline can read: it is empty. Open a pprof file (.pb.gz), collapsed stacks, or one of Flameline's own recordings.",
      "The recording was stopped because it reached 1000 MB; what was taken is kept. Record a shorter time, fewer processes, or at a lower rate.",
      "Process 4711 keeps profiling into /home/me/app/flameline-keep already. Stop it there first: in the other window of this workspace, or with Ctrl-C in its terminal.",
      "liba.so, libb.so have no symbols, so functions there show as addresses. Build without stripping (-g), or install the debug symbols of the package.",
      "/gone.py is gone since the recording, and /new.py changed since the recording. Line numbers there are those of the text that ran; record again for the text of today.",
    ]
  `);
});
