import type { Failure } from "../recorder/failures.js";
import { EXIT } from "./command.js";

/** 3 where privilege, the kernel or the helper is missing; 2 where the command line or a file is wrong. */
export function exitCodeOf(failure: Failure): number {
  switch (failure.kind) {
    case "unsupported-platform":
    case "helper-missing":
    case "helper-wrong-processor":
    case "helper-damaged":
    case "helper-busy":
    case "service-wrong-version":
    case "service-refuses":
    case "service-needs-root":
    case "service-failed":
    case "container-without-rights":
    case "no-privilege":
    case "kernel-unsupported":
    case "sudo-missing":
    case "sudo-forbidden":
    case "sudo-wrong-password":
    case "sudo-needs-password":
    case "sudo-needs-terminal":
    case "sudo-failed":
    case "password-cancelled":
    case "helper-failed":
    case "helper-silent":
    case "socket-untrusted":
    case "wrong-version":
    case "helper-nonsense":
    case "helper-closed":
    case "engine-failed":
    case "too-many-recordings":
    case "events-unavailable":
    case "not-permitted":
      return EXIT.privilege;
    case "cancelled":
      return EXIT.no;
    case "helper-refused":
    case "no-such-process":
    case "nothing-recorded":
    case "folder-missing":
    case "command-not-started":
    case "file-missing":
    case "file-not-written":
    case "file-too-large":
    case "profile-unreadable":
    case "recording-too-large":
    case "keep-elsewhere":
    case "no-symbols":
    case "sources-differ":
      return EXIT.usage;
  }
}
