import { GOOD_SHARE, OWN_WEIGHT, PASSED_MAX, UNKNOWN_SCORE } from './limits.js';

/** A node that could take part in a session. */
export type Able = {
  readonly node: string;
  /** Whether it is the one that chooses. */
  readonly isOwn: boolean;
  /** `undefined` where nothing is known of it. */
  readonly points: number | undefined;
  /** Contributions that it owes now. */
  readonly load: number;
  /** How often it could have been taken since it was, and was not. */
  readonly passed: number;
};

/**
 * The order in which nodes are taken: at random among the good, weighted by their points and by the contributions that they owe; then
 * the others, by the same rule; but first of all those that were passed over {@link PASSED_MAX} times, so that no node is forgotten
 * for being slow, and one that has recovered is found out.
 *
 * @param draw - A number from 0 up to 1, at random.
 */
export function inOrder(able: readonly Able[], draw: () => number): readonly string[] {
  const best = Math.max(0, ...able.map(pointsOfAble));
  const rank = (each: Able): number => {
    if (each.passed >= PASSED_MAX) return 0;
    return pointsOfAble(each) >= best * GOOD_SHARE ? 1 : 2;
  };
  // Weighted sampling without replacement (Efraimidis and Spirakis, 2006): the larger the weight, the sooner.
  return able
    .map((each) => ({
      each,
      rank: rank(each),
      wait: -Math.log(1 - draw()) / weightOf(each),
    }))
    .toSorted((a, b) => a.rank - b.rank || passedFirst(a.each, b.each, a.rank) || a.wait - b.wait)
    .map(({ each }) => each.node);
}

function pointsOfAble({ points }: Able): number {
  return points ?? UNKNOWN_SCORE;
}

function weightOf(able: Able): number {
  const own = able.isOwn ? OWN_WEIGHT : 1;
  return (own * Math.max(1, pointsOfAble(able))) / (1 + able.load);
}

/** Of those that were passed over too often, the one that waits longest. */
function passedFirst(a: Able, b: Able, rank: number): number {
  return rank === 0 ? b.passed - a.passed : 0;
}

/** How often each node was passed over since it was last taken. */
export class Passed {
  readonly #counts = new Map<string, number>();

  of(node: string): number {
    return this.#counts.get(node) ?? 0;
  }

  /** Some of these nodes were taken. */
  took(taken: readonly string[], able: readonly string[]): void {
    for (const node of able) {
      if (taken.includes(node)) this.#counts.delete(node);
      else this.#counts.set(node, this.of(node) + 1);
    }
  }

  /** Forgets nodes that vote no more. */
  keep(nodes: readonly string[]): void {
    for (const node of this.#counts.keys()) if (!nodes.includes(node)) this.#counts.delete(node);
  }
}
