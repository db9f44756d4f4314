import { fork, type ChildProcess, type Serializable } from 'node:child_process';

import type { Result } from './simulation.js';

/** One seed with the code that runs it. */
export type RunSeed<S = number> = (seed: S) => Promise<Result>;

/** Runs the seeds one after the other, here, while `each` wants more. */
export async function runHere<S>(
  seeds: readonly S[],
  run: RunSeed<S>,
  each: (result: Result) => boolean,
): Promise<void> {
  for (const seed of seeds) if (!each(await run(seed))) return;
}

/**
 * Runs the seeds on `jobs` processes, each of which takes the next seed when it is free. A seed's result does not depend
 * on who ran it, so `each` is all that sees an order.
 */
export async function runInProcesses(
  seeds: readonly Serializable[],
  jobs: number,
  program: string,
  options: readonly string[],
  each: (result: Result) => void,
): Promise<void> {
  let next = 0;
  const children: ChildProcess[] = [];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(program, ['--worker', ...options], { serialization: 'advanced' });
      children.push(child);
      const give = (): void => {
        const seed = seeds[next++];
        if (seed === undefined) child.disconnect();
        else child.send(seed);
      };
      child.on('message', (result: Result) => {
        each(result);
        give();
      });
      child.on('error', reject);
      child.on('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`a worker ended with ${code}`));
      });
      give();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, work));
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill();
  }
}

/** What a child process does: one seed for each message, until nobody has more. */
export function serveSeeds(run: RunSeed<never>): void {
  process.on('message', (seed) => {
    run(seed as never).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
