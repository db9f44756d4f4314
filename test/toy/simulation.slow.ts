import { expect, test } from '@jest/globals';
import { simulate, type Result } from '../simulation/simulation.js';
import { noToys, toyNodes, type ToyMistake } from './scenario.js';

const SEEDS = [2, 3, 4];
const BYZANTINE_SEEDS = [2, 3];
const TIMEOUT_MS = 120_000;

/** A run that fails says how to see it again. */
function broken(profile: string, { seed, violations }: Result): readonly string[] {
  const again = `npm run simulate -- --toy --profile ${profile} --trace --seed ${seed}`;
  return violations.map(({ checker, detail }) => `${checker}: ${detail} (${again})`);
}

test(
  'every toy task ends, with one outcome on all nodes, while nodes crash, messages are lost and leaders change',
  async () => {
    const tally = noToys();
    const happened = { restarts: 0, leaderChanges: 0, droppedMessages: 0, signatures: 0 };
    for (const seed of SEEDS) {
      const result = await simulate(seed, toyNodes({}, tally));
      expect(broken('faults', result)).toEqual([]);
      happened.restarts += result.counts.restarts;
      happened.leaderChanges += result.counts.leaderChanges;
      happened.droppedMessages += result.counts.droppedMessages;
      happened.signatures += result.counts.signatures;
    }

    expect(tally.done).toBeGreaterThan(10 * SEEDS.length);
    expect(happened.restarts).toBeGreaterThan(5 * SEEDS.length);
    expect(happened.leaderChanges).toBeGreaterThan(3 * SEEDS.length);
    expect(happened.droppedMessages).toBeGreaterThan(50 * SEEDS.length);
    // Keys and signatures are made beside the toys, as ever.
    expect(happened.signatures).toBeGreaterThan(10 * SEEDS.length);
  },
  TIMEOUT_MS,
);

test(
  'beside a malicious participant every result is that of the honest nodes, and the liar alone is named',
  async () => {
    const tally = noToys();
    let culprits = 0;
    for (const seed of BYZANTINE_SEEDS) {
      const result = await simulate(seed, toyNodes({}, tally), { profile: 'byzantine' });
      expect(broken('byzantine', result)).toEqual([]);
      culprits += result.counts.culprits;
    }

    expect(tally.lies).toBeGreaterThan(5 * BYZANTINE_SEEDS.length);
    expect(tally.done).toBeGreaterThan(5 * BYZANTINE_SEEDS.length);
    expect(culprits).toBeGreaterThan(5 * BYZANTINE_SEEDS.length);
  },
  TIMEOUT_MS,
);

test.each<[string, ToyMistake, number, number]>([
  ['the echoes of a broadcast are not awaited', { awaitsEchoes: false }, 1, 5],
  ['the result is what one participant says', { isOneEnough: true }, 1, 5],
])(
  'the simulator finds it when %s',
  async (_, mistake, first, seeds) => {
    const checkers = new Set<string>();
    for (let seed = first; checkers.size === 0 && seed < first + seeds; seed++) {
      const { violations } = await simulate(seed, toyNodes(mistake), { profile: 'byzantine' });
      for (const { checker } of violations) checkers.add(checker);
    }
    expect([...checkers]).toEqual(['Toy']);
  },
  TIMEOUT_MS,
);
