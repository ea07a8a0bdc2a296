import type { FrameLanguage } from "../protocol/events.js";

/**
 * What a function says about a wait below it. `idle`: a runtime's thread looks for work here. `loop`: an event loop of native code, idle
 * unless a script called it. `taker`, `selector`, `server`: Python's, which see {@link isIdlePython}. The others are kernel functions.
 */
export type PlaceKind = "none" | "idle" | "loop" | "taker" | "selector" | "server" | "accept" | "epoll" | "before";

const goIdle = /^runtime\.(find[rR]unnable|stopm|stoplockedm|sysmon|templateThread|bgsweep|bgscavenge|gcBgMarkWorker)$/;
const javaIdle =
  /\bjava\.util\.concurrent\.(ThreadPoolExecutor\.getTask|ForkJoinPool\.awaitWork)\b|\bjava\.util\.TimerThread\.mainLoop\b|\bjava\.lang\.ref\.(ReferenceQueue\.remove|Reference\.waitForReferencePendingList)\b/;
const kernelAccept = /^(inet_csk_accept|inet_accept|unix_accept|do_accept|__sys_accept4)$/;
const kernelEpoll = /^(ep_poll|do_epoll_wait|do_epoll_pwait)$/;

/** The helper's leaf of a wait that began before the recording. */
const BEFORE = "[waiting since before the recording]";

export function placeKind(name: string, file: string, language: FrameLanguage): PlaceKind {
  switch (language) {
    case "kernel":
      if (name === BEFORE) return "before";
      return kernelAccept.test(name) ? "accept" : kernelEpoll.test(name) ? "epoll" : "none";
    case "go":
      return goIdle.test(name) ? "idle" : "none";
    case "java":
      return javaIdle.test(name) ? "idle" : "none";
    case "python":
      return pythonKind(name.slice(name.lastIndexOf(".") + 1), file);
    default:
      return name === "uv__io_poll" ? "loop" : "none";
  }
}

function pythonKind(name: string, file: string): PlaceKind {
  if (name === "_worker" && file.endsWith("concurrent/futures/thread.py")) return "taker";
  if (name === "select" && file.endsWith("/selectors.py")) return "selector";
  const serves =
    (name === "_run_once" && file.endsWith("asyncio/base_events.py")) || (name === "serve_forever" && file.endsWith("/socketserver.py"));
  return serves ? "server" : "none";
}

/** Whether Python waits for work: an executor's thread for its next task, or an event loop or server for whatever comes. */
export function isIdlePython(innermost: PlaceKind, caller: PlaceKind): boolean {
  return innermost === "taker" || (innermost === "selector" && caller === "server");
}
