/**
 * Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), without its tests of parts alone:
 * takes away halves, then quarters, and so on, until no single item can be spared.
 *
 * @param items - All of them together fail.
 * @param without - Tries these items alone; gives those that are left of them if that fails too, else `undefined`.
 */
export async function minimise<T>(
  items: readonly T[],
  without: (left: readonly T[]) => Promise<readonly T[] | undefined>,
): Promise<readonly T[]> {
  let kept = items;
  let size = Math.ceil(kept.length / 2);
  while (size >= 1) {
    let isLess = false;
    for (let from = 0; from < kept.length;) {
      const left = await without([...kept.slice(0, from), ...kept.slice(from + size)]);
      if (left === undefined) from += size;
      else {
        kept = left;
        isLess = true;
      }
    }
    if (size === 1 && !isLess) return kept;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return kept;
}
