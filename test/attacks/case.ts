import type { Suite } from '../../src/frost/index.js';
import { algorithmName } from '../../src/identity/index.js';

/** What a case of the lane came to. */
export type Result = {
  /** `node reason`, for each that evidence named: judged from the evidence and the genesis alone. */
  readonly named: readonly string[];
  /** What else was not as it should be. */
  readonly problems: readonly string[];
};

/** One attack, and whom it must name: exactly those, and nobody else. */
export type AttackCase = {
  readonly name: string;
  /** Rows of {@link ROWS} that it stands for. */
  readonly rows: readonly number[];
  /** `node reason` of each liar that signed what proves it. */
  readonly expected: readonly string[];
  /** Who lies here: anybody else who is named is honest. */
  readonly liars: readonly string[];
  run(): Promise<Result>;
};

/** Cases that are about points or scalars run for each suite, under its name. */
export function ofSuite(suite: Suite, name: string): string {
  return `${algorithmName(suite.algorithm)}: ${name}`;
}

/** A case without messages: it is right when nothing is wrong, and names nobody. */
export function plain(
  name: string,
  rows: readonly number[],
  check: () => Promise<readonly string[]> | readonly string[],
): AttackCase {
  return {
    name,
    rows,
    expected: [],
    liars: [],
    run: async () => ({ named: [], problems: await check() }),
  };
}

/** A problem, unless the claim holds. */
export function unless(holds: boolean, problem: string): readonly string[] {
  return holds ? [] : [problem];
}
