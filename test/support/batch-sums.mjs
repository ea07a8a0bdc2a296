// What the helper's batches say of places in the code: a reading of the wire that owes nothing to the product's own.

/**
 * Sums of the samples' values by what is anywhere on their stacks.
 * @param {any[]} batches of one recording, all of them
 * @param {(position: { name: string, line: number }) => string} placeOf
 * @param {string} [event] of this one only
 * @returns {Map<string, number>} in the event's unit
 */
export function sumsByPlace(batches, placeOf, event) {
  const all = (select) => batches.flatMap(select);
  const strings = all((batch) => batch.strings);
  const places = all(({ frames }) => frames.function.map((name, i) => [placeOf({ name: strings[name], line: frames.line[i] })]));
  for (const { frame, positions } of all((batch) => batch.updates)) {
    places[frame] = positions.map((position) => placeOf({ name: strings[position.function], line: position.line }));
  }
  const [parents, frames] = [all((batch) => batch.stacks.parent), all((batch) => batch.stacks.frame)];
  const [values, events] = [all((batch) => batch.samples.value), all((batch) => batch.samples.event)];
  const sums = new Map();
  all((batch) => batch.samples.stack).forEach((stack, i) => {
    if (event !== undefined && events[i] !== event) {
      return;
    }
    const seen = new Set();
    for (let at = stack; at >= 0; at = parents[at]) {
      for (const place of places[frames[at]]) {
        seen.add(place);
      }
    }
    for (const place of seen) {
      sums.set(place, (sums.get(place) ?? 0) + values[i]);
    }
  });
  return sums;
}
