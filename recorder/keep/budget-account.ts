/**
 * What profiling may spend now: fills at the budget, is drawn on by what was spent, and may be below zero. What the start took, before
 * there was anything to choose, is a loan apart that is paid back over ten minutes.
 */

/** What may be saved up, in seconds of the budget: short bursts of work, say of new programs, are no reason to sample less. */
const SAVED_SECONDS = 5;
/** The time over which the start's cost is spread. */
const SPREAD_SECONDS = 600;
/** The start takes at most this part of the budget, or nothing would be left to sample with. */
const MOST_FOR_LOAN = 0.5;

export class BudgetAccount {
  /** The budget, ns of processor time a second. */
  readonly #perSecond: number;
  /** Nothing at first: no time has passed to save in. */
  #savedNs = 0;
  #loanNs = 0;
  #payNs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** ns that may be spent now; below 0 what is owed. */
  get savedNs(): number {
    return this.#savedNs;
  }

  /** ns a second that sampling may take: the budget without what goes into the start's loan. */
  get perSecond(): number {
    return this.#perSecond - (this.#loanNs > 0 ? this.#payNs : 0);
  }

  /** Takes up what the start took, ns of processor time. */
  borrow(startNs: number): void {
    this.#loanNs = startNs;
    this.#payNs = Math.min(startNs / SPREAD_SECONDS, MOST_FOR_LOAN * this.#perSecond);
  }

  pass(seconds: number, spentNs: number): void {
    this.#savedNs = Math.min(this.#savedNs + seconds * this.perSecond - spentNs, SAVED_SECONDS * this.#perSecond);
    this.#loanNs = Math.max(this.#loanNs - seconds * this.#payNs, 0);
  }
}
