import type { Random } from "./random.js";
import type { FuzzTarget } from "./targets.js";

/** Inputs that are kept to be changed further. */
const MAX_KEPT = 500;

/**
 * Gives a target one damaged input after the other until `goOn` says no: mostly a seed with some changes, sometimes an earlier input
 * with more. `begin` hears of each input before it is tried. @returns the number of inputs; throws what the target throws.
 */
export async function fuzz(
  target: FuzzTarget,
  seeds: readonly Uint8Array[],
  random: Random,
  goOn: (inputs: number) => boolean,
  begin: (input: Uint8Array) => void,
): Promise<number> {
  const kept = [...seeds];
  const any = (): Uint8Array => kept[random.below(kept.length)] ?? new Uint8Array();
  let inputs = 0;
  for (; goOn(inputs); inputs++) {
    let input = any();
    for (let changes = 1 + random.below(4); changes > 0; changes--) input = target.mutate(input, any(), random);
    begin(input);
    await target.check(input);
    if (random.below(20) > 0) continue;
    if (kept.length < MAX_KEPT) kept.push(input);
    else kept[seeds.length + random.below(MAX_KEPT - seeds.length)] = input;
  }
  return inputs;
}
