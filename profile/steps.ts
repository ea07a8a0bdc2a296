/** Work that yields every few milliseconds, so that whoever drives it can do something else between two steps. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all steps without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Rows between two pauses: about a millisecond's work. */
const ROWS_A_STEP = 1024;

/** Visits the rows of a table from 0, with pauses. */
export function* eachRow(rows: number, visit: (row: number) => unknown): Steps<void> {
  for (let row = 0; row < rows; row++) {
    visit(row);
    if (row % ROWS_A_STEP === ROWS_A_STEP - 1) yield;
  }
}
