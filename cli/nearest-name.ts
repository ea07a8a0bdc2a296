/** " Did you mean record?" when `word` is close to one of `names`, else "". Close is an edit distance of a third of its length, at least 2. */
export function suggestion(word: string, names: readonly string[]): string {
  const limit = Math.max(2, Math.floor(word.length / 3));
  const nearest = names
    .map((name) => ({ name, distance: name.startsWith(word) && word.length > 1 ? 0 : editDistance(word, name) }))
    .filter(({ distance, name }) => distance <= limit && distance < name.length)
    .toSorted((a, b) => a.distance - b.distance)[0];
  return nearest === undefined ? "" : ` Did you mean ${nearest.name}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
