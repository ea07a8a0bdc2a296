/** Ctrl-C, `kill` and a closed terminal end a recording in order; they must not end the command before it has written. */
export interface Interrupts {
  /** Resolves with the first signal. */
  readonly first: Promise<"SIGINT" | "SIGTERM">;
  readonly aborted: AbortSignal;
  dispose(): void;
}

export function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  let tell: (signal: "SIGINT" | "SIGTERM") => void = () => undefined;
  const first = new Promise<"SIGINT" | "SIGTERM">((resolve) => {
    tell = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    controller.abort();
    tell(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    first,
    aborted: controller.signal,
    dispose: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
