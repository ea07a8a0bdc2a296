/**
 * Chooses how often to sample so that profiling stays within a share of the machine. Pure: time and cost are handed in.
 *
 * Two things hold it there. The rate follows the measured cost: down when a window of some seconds is above the budget, up when the next rate
 * would fit. And an account fills at the budget, from nothing, and is drawn on by what was spent. What is owed is paid back within seconds,
 * by as low a rate as that takes; where that can't be, sampling pauses until there is some again. So over any time the cost is at most the
 * budget of that time and of some seconds, and a start from nothing is back within it some fifteen seconds later.
 */
import { BudgetAccount } from "./budget-account.js";

/** Rates to choose from, in samples a second on each processor. None beats in time with programs that work 10, 50 or 100 times a second. */
export const RATES = [1, 2, 3, 5, 7, 11, 17, 23, 31, 41, 53, 67, 83, 99] as const;

/** A pause lasts until so many seconds of the budget are there. */
const RESUME_SECONDS = 4;
/** The part of the budget that is kept to: what is spent before a load is noticed has to fit, too. */
const KEPT_TO = 0.9;
/** What is owed is to be paid back within so many seconds, where it is more than so many seconds of the budget: less is noise. */
const REPAY_SECONDS = 8;
const NOISE_SECONDS = 1;
/** Sampling pauses where more seconds of the budget are owed, as the lowest rate has a price, too, and where that leaves too little of it. */
const OWED_SECONDS = 4;
const LEAST_REPAID = 0.3;
/** A reading of so many times the budget is a burst, such as a new program whose files are read: the rate is not what it cost. */
const BURST = 2.5;
/** Bursts that follow each other within so many seconds are the load, not its beginning. */
const BURSTS_APART_SECONDS = 60;
/** A rate is judged by at least so many seconds. */
const JUDGED_SECONDS = 6;
/** Above this part of the budget the rate goes down, below that part it may go up. */
const HIGH = 1;
const FITS = 0.94;
const LOW = 0.78;
/** The first wait before a step up whose cost can't be told; doubled after each that had to be taken back. */
const FIRST_PATIENCE_SECONDS = 20;
const LAST_PATIENCE_SECONDS = 600;

export interface Budget {
  /** Share of the machine's processor time: above 0, at most 1. */
  readonly cpuShare: number;
  /** Memory of the helper with its maps, bytes. */
  readonly memoryBytes: number;
  readonly processors: number;
  /** 1 to 99. */
  readonly maxHz: number;
}

export interface CostReading {
  /** Any steady clock, ns. */
  readonly timeNs: number;
  /** All that profiling has spent since the first reading, ns of processor time. */
  readonly spentNs: number;
  readonly memoryBytes: number;
}

/** Why the rate is what it is. */
export type RateReason = "highest" | "budget" | "paused-cpu" | "paused-burst" | "paused-memory";

export class RateController {
  readonly #budget: Budget;
  readonly #rates: readonly number[];
  #rung: number;
  #paused: "cpu" | "burst" | "memory" | undefined;
  readonly #account: BudgetAccount;
  /** The rung to go back to when a burst is paid for. */
  #afterBurst: number | undefined;
  #sinceBurst = Infinity;
  #last: CostReading | undefined;
  #window = { seconds: 0, spentNs: 0 };
  /** Since the rate was last changed. */
  #steadySeconds = 0;
  /** The reading after a change is still half of the rate before. */
  #fresh = true;
  #patience = FIRST_PATIENCE_SECONDS;
  #triedUp = false;
  #share: number | undefined;

  constructor(budget: Budget, startHz = 49) {
    this.#budget = budget;
    const rates = RATES.filter((hz) => hz <= budget.maxHz);
    this.#rates = rates.length === 0 ? [1] : rates;
    this.#rung = this.#rungOf(startHz);
    this.#account = new BudgetAccount(KEPT_TO * budget.cpuShare * budget.processors * 1e9);
  }

  /** Samples a second on each processor; 0 while it pauses. */
  get hz(): number {
    return this.#paused === undefined ? (this.#rates[this.#rung] ?? 1) : 0;
  }

  get reason(): RateReason {
    if (this.#paused !== undefined) return `paused-${this.#paused}`;
    return this.#rung === this.#rates.length - 1 ? "highest" : "budget";
  }

  /** Share of the machine over the last seconds, 0 to 1; undefined before there is one. */
  get share(): number | undefined {
    return this.#share;
  }

  /** Time passes that is not judged: another recording of ours runs and is in what is measured. */
  skip(reading: CostReading): void {
    this.#last = reading;
    this.#restart();
  }

  /** Takes a reading, a second or more after the one before, and gives the rate from now on. The first one is what the start took. */
  next(reading: CostReading): number {
    const last = this.#last;
    this.#last = reading;
    if (last === undefined) this.#account.borrow(reading.spentNs);
    if (last === undefined || reading.timeNs <= last.timeNs) return this.hz;
    const seconds = (reading.timeNs - last.timeNs) / 1e9;
    const spentNs = Math.max(reading.spentNs - last.spentNs, 0);
    this.#account.pass(seconds, spentNs);
    this.#sinceBurst += seconds;
    const share = spentNs / (seconds * 1e9 * this.#budget.processors);
    this.#share = this.#share === undefined ? share : this.#share + (share - this.#share) * Math.min(seconds / 5, 1);
    if (this.#paused !== undefined) this.#perhapsResume(reading);
    else if (reading.memoryBytes > this.#budget.memoryBytes) this.#pause("memory");
    else this.#judge(seconds, spentNs);
    return this.hz;
  }

  /** True where more is owed by now than sampling may go on with, so that the next reading had better come at once. */
  isOverdrawn({ timeNs, spentNs }: CostReading): boolean {
    if (this.#last === undefined || this.#paused !== undefined) return false;
    const { savedNs, perSecond } = this.#account;
    const passed = (timeNs - this.#last.timeNs) / 1e9;
    return savedNs + passed * perSecond - (spentNs - this.#last.spentNs) < -OWED_SECONDS * perSecond;
  }

  #judge(seconds: number, spentNs: number): void {
    const { savedNs, perSecond } = this.#account;
    if (savedNs < -NOISE_SECONDS * perSecond) {
      this.#repay(spentNs / seconds);
      return;
    }
    if (this.#afterBurst !== undefined && savedNs >= 0) {
      this.#rung = Math.max(this.#afterBurst, this.#rung);
      this.#afterBurst = undefined;
      this.#restart();
      return;
    }
    if (this.#fresh) {
      this.#fresh = false;
      return;
    }
    this.#steadySeconds += seconds;
    this.#window.seconds += seconds;
    this.#window.spentNs += spentNs;
    const { seconds: judged, spentNs: spent } = this.#window;
    const part = spent / (judged * perSecond);
    if (judged < JUDGED_SECONDS) return;
    if (part > HIGH) {
      if (this.#rung > 0) this.#down(part);
      else this.#restart();
      return;
    }
    this.#perhapsUp(part);
    // What was long ago must not hide what begins now.
    if (judged > 2 * JUDGED_SECONDS) this.#window = { seconds: judged / 2, spentNs: spent / 2 };
  }

  /** Something is owed, and the last reading took `each` ns a second: down to what pays it back in time, if cost goes with the rate. */
  #repay(each: number): void {
    const { savedNs, perSecond } = this.#account;
    if (each > BURST * perSecond && this.#afterBurst === undefined && this.#rung > 0) {
      const isNew = this.#sinceBurst > BURSTS_APART_SECONDS;
      this.#afterBurst = isNew ? this.#rung : this.#rungOf(this.hz / 2);
      this.#sinceBurst = 0;
    }
    if (this.#afterBurst !== undefined && savedNs < -OWED_SECONDS * perSecond) {
      this.#pause("burst");
      return;
    }
    const allowed = perSecond + savedNs / REPAY_SECONDS;
    const isFresh = this.#fresh && savedNs > -OWED_SECONDS * perSecond;
    this.#fresh = false;
    if (isFresh || each <= allowed) return;
    if (this.#rung > 0) this.#down(allowed > 0 ? each / allowed : Infinity);
    else if (each > (1 - LEAST_REPAID) * perSecond) this.#pause(this.#afterBurst === undefined ? "cpu" : "burst");
  }

  /** To the highest rate that fits if cost goes with the rate, at least one down. */
  #down(part: number): void {
    this.#rung = Math.min(this.#rungOf(this.hz * (FITS / part)), this.#rung - 1);
    if (this.#triedUp) this.#patience = Math.min(this.#patience * 2, LAST_PATIENCE_SECONDS);
    this.#triedUp = false;
    this.#restart();
  }

  #perhapsUp(part: number): void {
    const next = this.#rates[this.#rung + 1];
    if (next === undefined || part > LOW) return;
    // The cost has a fixed part, so it grows at most with the rate.
    const surely = part * (next / this.hz) <= FITS;
    if (!surely && this.#steadySeconds < this.#patience) return;
    if (surely && this.#triedUp && this.#steadySeconds >= FIRST_PATIENCE_SECONDS) this.#patience = FIRST_PATIENCE_SECONDS;
    this.#triedUp = !surely;
    // Several at once where there is much room, so that a quiet morning is seen at the full rate soon.
    const wanted = Math.min(part === 0 ? this.hz * 2 : (this.hz * FITS) / part, this.hz * 2);
    this.#rung = Math.max(this.#rungOf(wanted), this.#rung + 1);
    this.#restart();
  }

  /** The highest rate that is not above `wanted`, or the lowest. */
  #rungOf(wanted: number): number {
    return Math.max(
      this.#rates.findLastIndex((hz) => hz <= wanted),
      0,
    );
  }

  #pause(why: "cpu" | "burst" | "memory"): void {
    this.#paused = why;
    this.#restart();
  }

  #perhapsResume({ memoryBytes }: CostReading): void {
    const needed = this.#paused === "burst" ? 0 : RESUME_SECONDS * this.#account.perSecond;
    if (this.#account.savedNs < needed || memoryBytes > this.#budget.memoryBytes) return;
    this.#paused = undefined;
    // At the lowest, as what led here need not be over, but for a burst, which is paid for.
    this.#rung = this.#afterBurst ?? 0;
    this.#afterBurst = undefined;
    this.#restart();
  }

  #restart(): void {
    this.#steadySeconds = 0;
    this.#window = { seconds: 0, spentNs: 0 };
    this.#fresh = true;
  }
}
