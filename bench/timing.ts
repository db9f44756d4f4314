/**
 * Looks for a difference in time between secrets: `npm run bench:timing [-- --samples 100000 --kinds native,wasm,javascript
 * --algorithms ed25519,secp256k1,p256] [--json]`. For each kind of curve arithmetic it measures a nonce's commitment and a
 * signature share, in random order for a fixed secret and for random ones, and prints Welch's t of both. |t| ≥ 4.5 means that
 * the times differ (Reparaz, Balasch, Verbauwhede 2017, "Dude, is my code constant time?"). It reports, and asserts nothing.
 */
import { parseArgs } from 'node:util';
import { assert, utf8 } from '../src/common/index.js';
import {
  commit,
  signShare,
  type Commitment,
  type FrostAlgorithm,
  type Suite,
} from '../src/frost/index.js';
import { systemRandom } from '../src/machine/index.js';
import { randomScalar } from '../src/crypto/index.js';
import type { KeyShare, SharedKey } from '../src/sharing/index.js';
import { Algorithm } from '../src/wire/index.js';
import { KINDS_OF_ARITHMETIC } from '../test/support/builders/backends.js';

/** Beyond it the difference is no chance: a false alarm once in 100,000 runs. */
const T_MAX = 4.5;
/** The slowest tenth goes: garbage collection and the scheduler made it. */
const KEPT = 0.9;
const WARM_UP = 500;
/** Keys of each class: a single one would stay in the processor's caches, and be faster for that. */
const KEYS = 32;
const MESSAGE = utf8('what is signed');

const ALGORITHMS: Readonly<Record<string, FrostAlgorithm>> = {
  ed25519: Algorithm.FROST_ED25519_SHA512,
  secp256k1: Algorithm.FROST_SECP256K1_SHA256,
  p256: Algorithm.FROST_P256_SHA256,
};

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '100000' },
    kinds: { type: 'string', default: KINDS_OF_ARITHMETIC.map(({ kind }) => kind).join(',') },
    algorithms: { type: 'string', default: Object.keys(ALGORITHMS).join(',') },
    json: { type: 'boolean', default: false },
  },
});

type Class = 'fixed' | 'random';
type Times = Record<Class, number[]>;

/** @param prepare - Makes a run with a secret of this class; its own time is not measured. */
function measure(samples: number, prepare: (which: Class) => () => unknown): Times {
  const times: Times = { fixed: [], random: [] };
  for (let at = -WARM_UP; at < samples; at++) {
    const which: Class = ((systemRandom.bytes(1)[0] ?? 0) & 1) === 0 ? 'fixed' : 'random';
    const run = prepare(which);
    const before = process.hrtime.bigint();
    run();
    const took = Number(process.hrtime.bigint() - before);
    if (at >= 0) times[which].push(took);
  }
  return times;
}

/** Welch's t of the two classes without their slowest, and the means in microseconds. */
function compare({ fixed, random }: Times) {
  const sorted = [...fixed, ...random].toSorted((a, b) => a - b);
  const limit = sorted[Math.floor(KEPT * (sorted.length - 1))] ?? 0;
  const [a, b] = [fixed, random].map((each) => moments(each.filter((took) => took <= limit)));
  assert(a !== undefined && b !== undefined, 'there are two classes');
  const t = (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
  return { t, fixedUs: a.mean / 1000, randomUs: b.mean / 1000 };
}

function moments(times: readonly number[]) {
  const count = times.length;
  const mean = times.reduce((sum, each) => sum + each, 0) / count;
  const variance = times.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (count - 1);
  return { count, mean, variance };
}

/** A 2-of-n key whose first participant has this share: V_0 + V_1 = x_1·G, for any V_1. */
function keyWith<P>(suite: Suite<P>, x: bigint): { key: SharedKey; share: KeyShare } {
  const { group } = suite;
  const slope = group.multiplyBase(randomScalar(group.order, systemRandom));
  const V = [group.add(group.multiplyBase(x), group.negate(slope)), slope];
  const [V_0, V_1] = V.map((point) => group.encode(point));
  assert(V_0 !== undefined && V_1 !== undefined, 'a polynomial of two terms');
  return {
    key: { threshold: 2, V: [V_0, V_1], publicKey: V_0 },
    share: { index: 1, scalar: group.encodeScalar(x) },
  };
}

/** A share of a signature by two, of keys whose share is fixed or random. Nonces are fresh in both classes. */
function shareTimes(suite: Suite, samples: number, fixed: bigint): Times {
  const random = (): bigint => randomScalar(suite.group.order, systemRandom);
  const keys = {
    fixed: Array.from({ length: KEYS }, () => keyWith(suite, fixed)),
    random: Array.from({ length: KEYS }, () => keyWith(suite, random())),
  };
  const other = commit(suite, suite.group.encodeScalar(random()), systemRandom);
  return measure(samples, (which) => {
    const picked = keys[which][(systemRandom.bytes(1)[0] ?? 0) % KEYS];
    assert(picked !== undefined, 'there are keys of each class');
    const { key, share } = picked;
    const { d, e, D, E } = commit(suite, suite.group.encodeScalar(random()), systemRandom);
    const B: readonly Commitment[] = [
      { index: 1, D, E },
      { index: 2, D: other.D, E: other.E },
    ];
    return () => signShare(suite, key, share, { d, e }, B, MESSAGE);
  });
}

/** scalar·base, as a nonce's commitment. */
function commitmentTimes({ group }: Suite, samples: number, fixed: bigint): Times {
  return measure(samples, (which) => {
    const random = randomScalar(group.order, systemRandom);
    const scalar = which === 'fixed' ? fixed : random;
    return () => group.multiplyBase(scalar);
  });
}

const samples = Number(values.samples);
const [kinds, names] = [values.kinds.split(','), values.algorithms.split(',')];
for (const { kind, suites, arithmetic } of KINDS_OF_ARITHMETIC) {
  if (!kinds.includes(kind)) continue;
  for (const name of names) {
    const algorithm = ALGORITHMS[name];
    if (algorithm === undefined) throw new Error(`there is no algorithm ${name}`);
    const suite = suites[algorithm];
    const whole = randomScalar(suite.group.order, systemRandom);
    const backend = Object.entries(arithmetic.backends).find(([curve]) => curve === name)?.[1];
    const cases = [
      ['share, any key share', () => shareTimes(suite, samples, whole)],
      ['share, key share 2', () => shareTimes(suite, samples, 2n)],
      ['commitment, any nonce', () => commitmentTimes(suite, samples, whole)],
      ['commitment, nonce 2', () => commitmentTimes(suite, samples, 2n)],
    ] as const;
    for (const [what, times] of cases) {
      const { t, fixedUs, randomUs } = compare(times());
      const verdict = Math.abs(t) < T_MAX ? 'no difference' : 'DIFFERENT';
      process.stdout.write(
        values.json
          ? `${JSON.stringify({ curve: name, backend, what, samples, t, fixedUs, randomUs })}\n`
          : `${name.padEnd(10)} ${String(backend).padEnd(15)} ${what.padEnd(22)} ` +
              `${fixedUs.toFixed(1).padStart(8)} µs fixed ${randomUs.toFixed(1).padStart(8)} µs random ` +
              `t ${t.toFixed(2).padStart(8)}  ${verdict}\n`,
      );
    }
  }
}
