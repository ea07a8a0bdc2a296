/** Work that yields every few milliseconds, so that whoever drives it can do something else between two steps. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all steps without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
