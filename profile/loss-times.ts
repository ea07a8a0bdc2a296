/** Moments above which neighbours become one: a recording may last all day. */
const MOST_MOMENTS = 512;

/** When samples were lost: so many between the moment before and this one, ns since the recording's start. */
export interface LossMoment {
  readonly timeNs: number;
  readonly lost: number;
}

/** The losses of a recording over time; their sum is what its account says. */
export class LossTimes {
  #moments: LossMoment[] = [];

  get moments(): readonly LossMoment[] {
    return this.#moments;
  }

  add(moment: LossMoment): void {
    if (!(moment.lost > 0)) return;
    this.#moments.push(moment);
    if (this.#moments.length <= MOST_MOMENTS) return;
    this.#moments = this.#moments.flatMap((each, i) => {
      const next = this.#moments[i + 1];
      return i % 2 === 1 ? [] : [next === undefined ? each : { timeNs: next.timeNs, lost: each.lost + next.lost }];
    });
  }
}
