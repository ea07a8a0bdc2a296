/** Where a line (1-based) of an old text is in a new one; undefined when it was rewritten or removed. */
export type CarryLine = (line: number) => number | undefined;

/**
 * Carries also a rewritten line, when the block that it is in was replaced by as many lines: to tell what the line cost before it was
 * rewritten, never to show old numbers as those of the new line.
 */
export function carryRewritten(carry: CarryLine, line: number, maxBlock = 200): number | undefined {
  const kept = carry(line);
  if (kept !== undefined) {
    return kept;
  }
  for (let above = 1; above <= maxBlock; above++) {
    const before = line - above === 0 ? 0 : carry(line - above);
    if (before === undefined) {
      continue;
    }
    for (let below = 1; below <= maxBlock; below++) {
      const after = carry(line + below);
      if (after !== undefined) {
        return after - before === above + below ? before + above : undefined;
      }
    }
    return undefined;
  }
  return undefined;
}
