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

/** Rows between two pauses of a loop that does little with each. */
const ROWS_A_PIECE = 32_768;

/** Walks rows from 0 in pieces, with pauses: `each` is told where one begins and where it ends (not inclusive). Faster than a call a row. */
export function* inPieces(rows: number, each: (from: number, to: number) => void): Steps<void> {
  for (let from = 0; from < rows; from += ROWS_A_PIECE) {
    if (from > 0) yield;
    each(from, Math.min(rows, from + ROWS_A_PIECE));
  }
}

/** The same with the last piece first; within one `each` goes backwards by itself. */
export function* inPiecesBackwards(rows: number, each: (from: number, to: number) => void): Steps<void> {
  for (let to = rows; to > 0; to -= ROWS_A_PIECE) {
    if (to < rows) yield;
    each(Math.max(0, to - ROWS_A_PIECE), to);
  }
}
