import type { Measured } from './format/bench.js';

/** When to stop: after so many calls, or after so long. */
export type Until = { readonly count: number } | { readonly durationMs: number };

/**
 * Makes calls, `concurrency` at a time, each followed by the next at once, until it is time to stop; calls under way
 * then are waited for. A call that fails counts as failed, and its time does not count.
 */
export async function measure(
  operation: string,
  concurrency: number,
  until: Until,
  call: (number: number) => Promise<unknown>,
): Promise<Measured> {
  const tookMs: number[] = [];
  let failed = 0;
  let begun = 0;
  const start = performance.now();
  const more = () =>
    'count' in until ? begun < until.count : performance.now() - start < until.durationMs;

  const caller = async () => {
    while (more()) {
      begun += 1;
      const before = performance.now();
      try {
        await call(begun);
        tookMs.push(performance.now() - before);
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { operation, concurrency, failed, tookMs, elapsedMs: performance.now() - start };
}
