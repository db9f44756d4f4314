import { concat, equal, utf8 } from '../../../src/common/index.js';
import { decodeBigEndian, randomUnit } from '../../../src/crypto/index.js';
import {
  parameterSet,
  proveAlice,
  proveBobWc,
  proveMod,
  provePrm,
  proveR,
  proveSchnorr,
  proveT,
  verifyAlice,
  verifyBobWc,
  verifyMod,
  verifyPrm,
  verifyR,
  verifySchnorr,
  verifyT,
  type ProofContext,
} from '../../../src/gg20/index.js';
import { commitmentOf } from '../../../src/gg20/session-id.js';
import { prmChallenge } from '../../../src/gg20/zk/prm.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack, Removal } from './attack.js';
import { ATTACKER, attacker, attackersPlace, random, set, THIRD, VICTIM, victim } from './pair.js';

const ITEM_LENGTHS: Removal = {
  file: 'wire/canonical.js',
  find: 'return concat(Uint8Array.of(tag), u64be(bytes.length), bytes);',
  replace: 'return concat(Uint8Array.of(tag), bytes);',
};
const NUMBER_WIDTHS = gg20(
  'transcript.js',
  'return integerItem(encodeBigEndian(value, width));',
  "return integerItem(Uint8Array.from(Buffer.from(value.toString(16).replace(/^(.(..)*)$/, '0$1'), 'hex')));",
);

/** Between two items stands the tag of the second, and the first may end with it and a part of the second. */
function movedBorder(): Attempt {
  const [a, b, c] = [utf8('Gamma'), utf8('of another'), utf8('salt')];
  const ssid = random.bytes(32);
  const tag = Uint8Array.of(1);
  const one = commitmentOf('gamma', ssid, 2, a, concat(b, tag, c));
  const two = commitmentOf('gamma', ssid, 2, concat(a, tag, b), c);
  return equal(one, two)
    ? unstopped('a commitment that opens to two values')
    : stoppedBy('every list of items has a hash of its own');
}

const wide = parameterSet(set.curve, { ...set.profile, repetitions: 128 });

/** The challenge of two first moves, as they are spelt. */
function challengeOfTwo(first: Uint8Array, second: Uint8Array): string {
  const A = [decodeBigEndian(first), decodeBigEndian(second)];
  const place = attackersPlace(attacker.ssid0, 2);
  return prmChallenge(wide, place, { to: attacker.own.trapdoor }, A).join();
}

/** The same with numbers, whose borders move where they are spelt as short as can be: TSSHOCK’s alpha-shuffle. */
function movedNumbers(): Attempt {
  const head = Uint8Array.of(7);
  const [x, y, z] = [
    concat(head, random.bytes(10)),
    concat(head, random.bytes(20)),
    concat(head, random.bytes(30)),
  ];
  const tag = Uint8Array.of(2);
  return challengeOfTwo(x, concat(y, tag, z)) === challengeOfTwo(concat(x, tag, y), z)
    ? unstopped('one challenge for two lists of first moves')
    : stoppedBy('every list of items has a hash of its own');
}

/** Proofs that the third signer made for the victim, and what the victim says of each in another place. */
function proofsOfThird(at: ProofContext): readonly ((at: ProofContext) => string | undefined)[] {
  const { group } = set.curve;
  const { key, trapdoor } = attacker.own;
  const [m, r] = [1234n, randomUnit(key.N, random)];
  const [X, l] = [group.multiplyBase(m), 5n];
  const alice = { key, c: key.encrypt(m, r), to: victim.own.trapdoor };
  const c2 = key.modNN.multiply(key.power(alice.c, m), key.encrypt(7n, r));
  const bob = { key, c1: alice.c, c2, to: alice.to, X };
  const ofR = { ...alice, R: X, Rb: group.multiplySecret(X, m) };
  const T = group.add(X, group.multiplySecret(set.curve.H, l));
  const proofs = [
    proveAlice(set, at, alice, { m, r }, random),
    proveBobWc(set, at, bob, { x: m, y: 7n, r }, random),
    proveR(set, at, ofR, { m, r }, random),
    proveMod(set, at, { key }, random),
    provePrm(set, at, trapdoor, random),
    proveT(set, at, { T }, { sigma: m, l }, random),
    proveSchnorr(set, at, { X }, m, random),
  ] as const;
  return [
    (other) => verifyAlice(set, other, alice, proofs[0]),
    (other) => verifyBobWc(set, other, bob, proofs[1]),
    (other) => verifyR(set, other, ofR, proofs[2]),
    (other) => verifyMod(set, other, { key }, proofs[3]),
    (other) => verifyPrm(set, other, { to: trapdoor }, proofs[4]),
    (other) => verifyT(set, other, { T }, proofs[5]),
    (other) => verifySchnorr(set, other, { X }, proofs[6]),
  ];
}

function replayed(change: Partial<ProofContext>): Attempt {
  const at = { ssid: random.bytes(32), prover: THIRD, verifier: VICTIM, round: 2 };
  const taken = proofsOfThird(at).filter((verify) => verify({ ...at, ...change }) === undefined);
  return taken.length === 0
    ? stoppedBy(`${ATTACKER} the proof was made elsewhere`)
    : unstopped(`${taken.length} proofs that hold where they were not made`);
}

const PLACE = 'const place = [bytesItem(ssid), u16Item(prover), u16Item(verifier), u8Item(round)];';

const ELSEWHERE: readonly (readonly [what: string, item: string, change: Partial<ProofContext>])[] =
  [
    ['another session', 'bytesItem(ssid), ', { ssid: new Uint8Array(32) }],
    ['another prover', 'u16Item(prover), ', { prover: ATTACKER }],
    ['another verifier', 'u16Item(verifier), ', { verifier: THIRD }],
    ['another round', ', u8Item(round)', { round: 5 }],
  ];

export const TRANSCRIPTS: readonly Gg20Attack[] = [
  {
    row: 10,
    name: 'the border between a payload and its salt is moved',
    stopped: 'every list of items has a hash of its own',
    removed: [ITEM_LENGTHS],
    run: movedBorder,
  },
  {
    row: 10,
    name: 'the border between two first moves is moved (alpha-shuffle)',
    stopped: 'every list of items has a hash of its own',
    removed: [ITEM_LENGTHS, NUMBER_WIDTHS],
    run: movedNumbers,
  },
  ...ELSEWHERE.map(([what, item, change]): Gg20Attack => ({
    row: 11,
    name: `proofs that were made for ${what}`,
    culprit: ATTACKER,
    stopped: 'the proof was made elsewhere',
    removed: [gg20('zk/context.js', PLACE, PLACE.replace(item, ''))],
    run: () => replayed(change),
  })),
];
