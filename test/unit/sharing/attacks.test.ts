import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { expect, test } from '@jest/globals';
import { fromHex, type PartyIndex } from '../../../src/common/index.js';
import { encodeLittleEndian, randomPolynomial } from '../../../src/crypto/index.js';
import {
  isRightOpening,
  isRightValue,
  keygen,
  type KeygenRounds,
} from '../../../src/sharing/index.js';
import { commitmentTo, type Opening } from '../../../src/sharing/checks.js';
import { verifiedBody, ProtocolAbort, signEnvelope, type Party } from '../../../src/mpc/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import {
  runKeygen,
  seededRandom,
  testSigner,
  testVerify,
  type Keygen,
  type KeygenOptions,
  type Outcome,
} from '../../support/builders/frost-exchange.js';
import {
  ATTACKER,
  deals,
  LIAR_THRESHOLD,
  opens,
  openingFor,
  SALT,
  view,
} from '../../support/adversary/keygen-liar.js';
import { smallSuite } from '../frost/small-suite.js';
import { ed25519Suite } from '../../support/builders/schemes.js';

const THRESHOLD = LIAR_THRESHOLD;
const HONEST: readonly PartyIndex[] = [1, 2];

/** 2-of-3 with an attacker as participant 3; only what the honest ones end with is looked at. */
async function attacked(options: Partial<KeygenOptions>): Promise<Keygen> {
  return runKeygen({ suite: smallSuite, threshold: THRESHOLD, count: 3, ...options });
}

/** Whom an outcome blames: nobody is an empty list, a key none at all. */
function blamed(outcome: Outcome | undefined): readonly PartyIndex[] | 'key' | 'waiting' {
  if (outcome === undefined || outcome === 'waiting') return 'waiting';
  if ('key' in outcome) return 'key';
  if (outcome.error instanceof ProtocolAbort) return outcome.error.culprits;
  throw outcome.error;
}

const blamedByHonest = ({ outcomes }: Keygen) => HONEST.map((index) => blamed(outcomes[index - 1]));

test('the attacker’s tools are honest ones: a right opening is accepted', async () => {
  const run = await attacked({
    corrupt: opens(({ sessionId, index }) => openingFor(smallSuite, sessionId, index)),
  });

  // It has another polynomial than its values are from, so it is found out, but later.
  const { evidence } = abortOf(run, 1);
  expect(evidence.map(({ kind }) => kind)).toEqual([keygen.kinds.open, keygen.kinds.value]);
});

function abortOf({ outcomes }: Keygen, index: PartyIndex): ProtocolAbort {
  const outcome = outcomes[index - 1];
  if (typeof outcome === 'object' && 'error' in outcome && outcome.error instanceof ProtocolAbort)
    return outcome.error;
  throw new Error('there is an abort');
}

test('attack 1: a key chosen to cancel the others’ has no proof of possession', async () => {
  // A_0 = Y − G for a Y of the attacker's: it knows no discrete logarithm of it.
  const { group } = smallSuite;
  const rogue = group.encode(group.add(group.multiplyBase(7n), group.negate(group.base)));

  const run = await attacked({
    corrupt: opens(({ sessionId, index }) => {
      const opening = openingFor(smallSuite, sessionId, index);
      return { ...opening, coefficients: [rogue, ...opening.coefficients.slice(1)] };
    }),
  });

  expect(blamedByHonest(run)).toEqual([[ATTACKER], [ATTACKER]]);
});

test('attack 1: another participant’s messages, signed as one’s own, are bound to its index', async () => {
  const signers = [1, 2, 3].map((index) => testSigner(`node-${index}`));
  const copied = new Map<string, Uint8Array>();
  const run = await attacked({
    signers,
    tamper: (from, to, envelope) => {
      const { kind, content, sessionId } = envelope;
      if (from === 1 && content?.$case === 'open') copied.set(kind, content.value.body);
      const body = copied.get(kind);
      const [, , attacker] = signers;
      if (from !== ATTACKER || body === undefined || attacker === undefined) return [envelope];
      return [signEnvelope(attacker, sessionId, kind, from, to === 0 ? to : 0, body)];
    },
  });

  expect(blamed(run.outcomes[1])).toEqual([ATTACKER]);
});

test.each<[string, (party: Party<KeygenRounds>) => Opening]>([
  ['session', ({ index }) => openingFor(smallSuite, new Uint8Array(32), index)],
  ['index', ({ sessionId }) => openingFor(smallSuite, sessionId, 1)],
])('attack 2: a proof made for another %s is worth nothing', async (_what, forge) => {
  const run = await attacked({ corrupt: opens(forge) });

  expect(blamedByHonest(run)).toEqual([[ATTACKER], [ATTACKER]]);
});

test('attack 2: envelopes of another session count as absent', async () => {
  const signers = [1, 2, 3].map((index) => testSigner(`node-${index}`));
  const earlier: Envelope[] = [];
  await attacked({
    signers,
    seed: 1,
    tamper: (from, _to, envelope) => {
      if (from === ATTACKER) earlier.push(envelope);
      return [envelope];
    },
  });

  const run = await attacked({
    signers,
    seed: 2,
    tamper: (from, _to, envelope) => (from === ATTACKER ? earlier : [envelope]),
  });

  expect(blamedByHonest(run)).toEqual(['waiting', 'waiting']);
});

test.each([1, 3])('attack 3: %i points, well proved, at threshold 2', async (points) => {
  const run = await attacked({
    corrupt: opens(({ sessionId, index }) => openingFor(smallSuite, sessionId, index, points)),
  });

  expect(blamedByHonest(run)).toEqual([[ATTACKER], [ATTACKER]]);
});

/** Gives participant 1 a value that is not on the polynomial. */
const badShareForOne = deals((to, right) =>
  to === 1 ? { value: encodeLittleEndian(5n, 32) } : right,
);

test('attack 4: a wrong value for one member: that member names the dealer, and the other has a key', async () => {
  const run = await attacked({ corrupt: badShareForOne });

  expect(blamedByHonest(run)).toEqual([[ATTACKER], 'key']);
});

test('attack 4: the evidence alone proves the dealer’s lie, and made-up evidence proves nothing', async () => {
  const run = await attacked({ corrupt: badShareForOne });
  const identityKey = run.signers[ATTACKER - 1]?.publicKey ?? new Uint8Array();
  const { evidence } = abortOf(run, 1);

  const bodies = evidence.map((each) => verifiedBody(testVerify, identityKey, each));
  const [kg2, kg3] = bodies;
  if (kg2 === undefined || kg3 === undefined) throw new Error('the accused has signed both');
  expect(isRightValue(smallSuite, kg2, kg3, 1)).toBe(false);

  const madeUp = evidence.map((each) => ({
    ...each,
    content: { $case: 'open' as const, value: { body: kg3, signature: new Uint8Array(64) } },
  }));
  for (const each of madeUp) expect(verifiedBody(testVerify, identityKey, each)).toBeUndefined();
});

test.each([
  ['31 bytes', new Uint8Array(31)],
  ['q', encodeLittleEndian(smallSuite.group.order, 32)],
  ['nothing', new Uint8Array()],
])('attack 4: a value of %s is the dealer’s fault', async (_what, value) => {
  const run = await attacked({ corrupt: deals(() => ({ value })) });

  expect(blamedByHonest(run)).toEqual([[ATTACKER], [ATTACKER]]);
});

const hexBytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

test.each([
  ...ED25519_TORSION_SUBGROUP.map((hex, at) => [`small order ${at}`, hexBytes(hex)] as const),
  ['y ≥ p', encodeLittleEndian(2n ** 255n - 18n, 32)] as const,
  ['31 bytes', new Uint8Array(31)] as const,
  ['33 bytes', new Uint8Array(33)] as const,
])(
  'attack 7: a coefficient that is no point of the group (%s) makes its sender the culprit',
  (_what, point) => {
    const sessionId = new Uint8Array(32);
    const right = openingFor(ed25519Suite, sessionId, 3);
    const judge = (opening: Opening) =>
      isRightOpening(
        ed25519Suite,
        sessionId,
        3,
        THRESHOLD,
        keygen.rounds.commit.all.encode({
          hash: commitmentTo(sessionId, 3, opening, SALT),
          sealKey: new Uint8Array(32),
        }),
        keygen.rounds.open.all.encode({ ...opening, salt: SALT }),
      );

    expect(judge(right)).toBe(true);
    const [A_0 = point, A_1 = point] = right.coefficients;
    expect(judge({ ...right, coefficients: [A_0, point] })).toBe(false);
    expect(judge({ ...right, coefficients: [point, A_1] })).toBe(false);
    expect(judge({ ...right, proofCommitment: point })).toBe(false);
  },
);

test('attack 24: more points than participants are possible are not even counted', async () => {
  const run = await attacked({
    corrupt: opens(({ sessionId, index }) => openingFor(smallSuite, sessionId, index, 21)),
  });

  expect(blamedByHonest(run)).toEqual([[ATTACKER], [ATTACKER]]);
});

/** Participant 3 says something else besides, or instead, to some. */
async function equivocate(kind: string, to: readonly PartyIndex[], besides: boolean) {
  const signers = [1, 2, 3].map((index) => testSigner(`node-${index}`));
  const [, , attacker = testSigner('node-3')] = signers;
  return attacked({
    signers,
    tamper: (from, receiver, envelope) => {
      if (from !== ATTACKER || envelope.kind !== kind || !to.includes(receiver)) return [envelope];
      const opening = openingFor(smallSuite, envelope.sessionId, ATTACKER);
      const hash = commitmentTo(envelope.sessionId, ATTACKER, opening, SALT);
      const other =
        kind === keygen.kinds.commit
          ? keygen.rounds.commit.all.encode({ hash, sealKey: new Uint8Array(32).fill(9) })
          : keygen.rounds.open.all.encode({ ...opening, salt: SALT });
      const forged = signEnvelope(attacker, envelope.sessionId, kind, from, 0, other);
      return besides ? [envelope, forged] : [forged];
    },
  });
}

test.each([keygen.kinds.commit, keygen.kinds.open])(
  'attack 29: two %s to one participant: the sender has signed both',
  async (kind) => {
    const run = await equivocate(kind, [1], true);

    expect(blamed(run.outcomes[0])).toEqual([ATTACKER]);
    expect(abortOf(run, 1).evidence.map((each) => each.kind)).toEqual([kind, kind]);
    expect(blamed(run.outcomes[1])).not.toEqual([1]);
  },
);

test.each([keygen.kinds.commit, keygen.kinds.open])(
  'attack 29: another %s to one participant than to the other',
  async (kind) => {
    const run = await equivocate(kind, [1], false);

    expect(blamed(run.outcomes[0])).toEqual([ATTACKER]);
    expect(['key', 'waiting']).toContainEqual(blamed(run.outcomes[1]));
  },
);

test('attack 29: a different run for one member: no node is named, but the digests differ', async () => {
  const signers = [1, 2, 3].map((index) => testSigner(`node-${index}`));
  const [, , attacker = testSigner('node-3')] = signers;
  const { group } = smallSuite;
  const polynomial = randomPolynomial(group, THRESHOLD, seededRandom(77));
  const run = await attacked({
    signers,
    corrupt: deals((to, right) =>
      to === 1 ? { value: group.encodeScalar(polynomial.evaluate(1)) } : right,
    ),
    tamper: (from, to, envelope) => {
      const { sessionId, kind, content } = envelope;
      if (from !== ATTACKER || to !== 1 || content?.$case !== 'open') return [envelope];
      const opening = openingFor(smallSuite, sessionId, ATTACKER);
      const sealKey =
        keygen.rounds.commit.all.decode(content.value.body)?.sealKey ?? new Uint8Array(32);
      const hash = commitmentTo(sessionId, ATTACKER, opening, SALT);
      const body =
        kind === keygen.kinds.commit
          ? keygen.rounds.commit.all.encode({ hash, sealKey })
          : keygen.rounds.open.all.encode({ ...opening, salt: SALT });
      return [signEnvelope(attacker, sessionId, kind, from, 0, body)];
    },
  });

  expect(blamedByHonest(run)).toEqual(['key', 'key']);
  const [one, two] = run.outcomes.map((each) =>
    typeof each === 'object' && 'key' in each ? each.key : undefined,
  );
  expect(one?.digest).not.toEqual(two?.digest);
});

test('silence blames no participant', async () => {
  for (const kind of Object.values(keygen.kinds)) {
    const run = await attacked({
      tamper: (from, _to, envelope) =>
        from === ATTACKER && envelope.kind === kind ? [] : [envelope],
    });
    expect(blamedByHonest(run)).toEqual(['waiting', 'waiting']);
  }
});

/** One bit of the signature, or all of what is sealed, is not what it was. */
function spoil(envelope: Envelope): Envelope {
  const { content } = envelope;
  if (content === undefined || content.$case === 'digest') return envelope;
  const spoilt =
    content.$case === 'sealed'
      ? { $case: 'sealed' as const, value: content.value.map((byte) => byte ^ 1) }
      : {
          $case: 'open' as const,
          value: { ...content.value, signature: content.value.signature.map((byte) => byte ^ 1) },
        };
  return { ...envelope, content: spoilt };
}

test('a sealed value that does not open, and a bad signature, blame no participant', async () => {
  for (const kind of Object.values(keygen.kinds)) {
    const run = await attacked({
      tamper: (from, _to, envelope) => [
        from === ATTACKER && envelope.kind === kind ? spoil(envelope) : envelope,
      ],
    });
    expect(blamedByHonest(run)).toEqual(['waiting', 'waiting']);
  }
});

test('a seal key that makes a shared secret of zero blames no participant', async () => {
  const run = await attacked({
    corrupt: {
      [ATTACKER]: (party) => ({ ...view(party), sealKey: new Uint8Array(32) }),
    },
  });

  expect(blamedByHonest(run)).toEqual(['waiting', 'waiting']);
});
