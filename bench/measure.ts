/** Milliseconds of one operation, and the bytes of what it makes, where that is sent. */
export type Figure = {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly bytes?: number;
};

/** Runs that are not counted: code and caches get warm. */
export const WARM_UP = 20;

/** Time that passed, or processor time of this process: the latter for arithmetic, on a machine that does other things too. */
export const CLOCKS = {
  wall: () => performance.now(),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

export async function measure(
  name: string,
  runs: number,
  run: (at: number) => unknown,
  { warmUp = WARM_UP, now = CLOCKS.wall } = {},
): Promise<Figure> {
  const took: number[] = [];
  for (let at = 0; at < runs + warmUp; at++) {
    const before = now();
    await run(at);
    if (at >= warmUp) took.push(now() - before);
  }
  took.sort((a, b) => a - b);
  const quantile = (q: number): number => took[Math.floor(q * (took.length - 1))] ?? 0;
  return { name, p50Ms: quantile(0.5), p95Ms: quantile(0.95) };
}
