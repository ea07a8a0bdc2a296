import type { LiveFigures } from "./live-figures.js";

/** What this window is doing about recording; every view of it is drawn from this. */
export type SessionState =
  | { readonly kind: "idle" }
  /** Finding or starting the helper; the user may be asked for a password. */
  | { readonly kind: "connecting" }
  /** Connected; the user decides what to record. */
  | { readonly kind: "choosing" }
  | { readonly kind: "loading"; readonly phase: "loading" | "attaching" }
  | { readonly kind: "recording"; readonly id: string; readonly name: string; readonly startUnixMs: number; readonly figures: LiveFigures }
  | { readonly kind: "stopping" };
