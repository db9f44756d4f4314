import { expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { toHex } from '../../../../src/common/index.js';
import { encodeLittleEndian } from '../../../../src/crypto/index.js';
import {
  bodyDigest,
  ProtocolAbort,
  signEnvelope,
  verifiedBody,
  type SignedMessage,
} from '../../../../src/mpc/index.js';
import {
  dealingCommitment,
  judgeReshare,
  keygen,
  resharing,
} from '../../../../src/sharing/index.js';
import { newPolynomial } from '../../../../src/sharing/reshare/checks.js';
import { encode, Envelope } from '../../../../src/wire/index.js';
import { runKeygen, testSigner, testVerify } from '../../../support/builders/frost-exchange.js';
import {
  dealtSharing,
  newSharing,
  reshareFacts,
  runReshare,
  type Reshare,
  type ReshareOptions,
} from '../../../support/builders/reshare-exchange.js';
import {
  ATTACKER,
  DEALERS,
  dealsOtherwise,
  dealtPolynomial,
  handsOut,
  HONEST,
  NODES,
  pointsOf,
  SALT,
  viewOf,
} from '../../../support/adversary/reshare-liar.js';
import { smallSuite } from '../../frost/small-suite.js';

const { group } = smallSuite;
const base = dealtSharing(smallSuite, 2, NODES);
const attempt = { sharing: smallSuite, base, dealers: DEALERS, receivers: NODES, threshold: 2 };
const facts = reshareFacts(attempt);
const signers = NODES.map((node) => testSigner(node));
const [, , attacker = testSigner('c')] = signers;

function attacked(options: Partial<ReshareOptions<bigint>> = {}): Promise<Reshare> {
  return runReshare({ ...attempt, signers, ...options });
}

/** The culprits that an honest party ends with; `sharing` where it has one, or has dealt. */
function endOf({ outcomes }: Reshare, party: PartyIndex) {
  const outcome = outcomes[party - 1] ?? 'waiting';
  if (outcome === 'waiting') return 'waiting';
  if ('result' in outcome) return 'sharing';
  if (outcome.error instanceof ProtocolAbort) return outcome.error.culprits;
  throw outcome.error;
}

const ends = (run: Reshare) => HONEST.map((party) => endOf(run, party));

function abortOf({ outcomes }: Reshare, party: PartyIndex): ProtocolAbort {
  const outcome = outcomes[party - 1];
  if (typeof outcome === 'object' && 'error' in outcome && outcome.error instanceof ProtocolAbort)
    return outcome.error;
  throw new Error('there is an abort');
}

/** The accused's messages as a judge has them: with signatures that hold. */
function shown(envelopes: readonly Envelope[]): readonly SignedMessage[] {
  return envelopes.flatMap((envelope) => {
    const { kind, from, to } = envelope;
    const body = verifiedBody(testVerify, signers[from - 1]?.publicKey ?? SALT, envelope);
    return body === undefined ? [] : [{ kind, from, to, body, digest: bodyDigest(body) }];
  });
}

function judged(
  run: Reshare,
  reason: Parameters<typeof judgeReshare>[1],
  messages: readonly SignedMessage[],
  index: PartyIndex = ATTACKER,
): boolean {
  const { sessionId } = run;
  return judgeReshare({ sharing: smallSuite, sessionId, index, facts }, reason, messages);
}

const both = [[ATTACKER], [ATTACKER]];

test('the attacker’s tools are honest ones: its own share, well committed to and dealt, is accepted', async () => {
  const polynomial = dealtPolynomial(smallSuite, base, facts, 2);
  const run = await attacked({
    corrupt: dealsOtherwise(pointsOf(smallSuite, polynomial), (to) => ({
      value: group.encodeScalar(polynomial.evaluate(to)),
    })),
  });

  expect(newSharing(run).V[0]).toEqual(base.V[0]);
});

test.each([1, 3])(
  'attack 17: %i points, well committed to and dealt, at a new threshold of 2',
  async (points) => {
    const polynomial = dealtPolynomial(smallSuite, base, facts, points);
    const run = await attacked({
      corrupt: dealsOtherwise(pointsOf(smallSuite, polynomial), (to) => ({
        value: group.encodeScalar(polynomial.evaluate(to)),
      })),
    });

    expect(ends(run)).toEqual(both);
    expect(judged(run, 'WRONG_OPENING', shown(abortOf(run, 1).evidence))).toBe(true);
  },
);

test('attack 18: another constant than lambda times the own share, well committed to and dealt', async () => {
  const polynomial = dealtPolynomial(smallSuite, base, facts, 2, 5n);
  const run = await attacked({
    corrupt: dealsOtherwise(pointsOf(smallSuite, polynomial), (to) => ({
      value: group.encodeScalar(polynomial.evaluate(to)),
    })),
  });

  expect(ends(run)).toEqual(both);
  expect(judged(run, 'WRONG_OPENING', shown(abortOf(run, 2).evidence))).toBe(true);
});

test('a share that is weighted for other dealers than those of the attempt', async () => {
  const others = reshareFacts({ ...attempt, dealers: ['b', 'c'] });
  const polynomial = dealtPolynomial(smallSuite, base, others, 2);
  const run = await attacked({ corrupt: dealsOtherwise(pointsOf(smallSuite, polynomial)) });

  expect(ends(run)).toEqual(both);
});

test('a share of the version before the base', async () => {
  const before = dealtSharing(smallSuite, 2, NODES, 2);
  const polynomial = dealtPolynomial(smallSuite, before, facts, 2);
  const run = await attacked({ corrupt: dealsOtherwise(pointsOf(smallSuite, polynomial)) });

  expect(ends(run)).toEqual(both);
});

test('another polynomial than was committed to, for one receiver', async () => {
  const polynomial = dealtPolynomial(smallSuite, base, facts, 2);
  const coefficients = [...pointsOf(smallSuite, polynomial)];
  const run = await attacked({
    tamper: (from, to, envelope) => {
      const { kind, sessionId } = envelope;
      if (from !== ATTACKER || to !== 2 || kind !== resharing.kinds.open) return [envelope];
      const body = resharing.rounds.open.all.encode({ coefficients, salt: SALT });
      return [signEnvelope(attacker, sessionId, kind, from, 0, body)];
    },
  });

  expect(ends(run)).toEqual(['sharing', [ATTACKER]]);
  expect(judged(run, 'WRONG_OPENING', shown(abortOf(run, 2).evidence))).toBe(true);
});

test('a commitment that was made for another session, or for another party', async () => {
  const polynomial = dealtPolynomial(smallSuite, base, facts, 2);
  const coefficients = pointsOf(smallSuite, polynomial);
  for (const [session, party] of [
    [new Uint8Array(32), ATTACKER],
    [undefined, 1],
  ] as const) {
    const run = await attacked({
      corrupt: {
        [ATTACKER]: (own) => {
          const hash = dealingCommitment(session ?? own.sessionId, party, coefficients, SALT);
          const open = { coefficients: [...coefficients], salt: SALT };
          const round: typeof own.round = (name, mine) => {
            const forged = {
              announce: mine,
              commit: { all: { hash } },
              open: { all: open },
              value: mine,
            };
            return own.round(name, forged[name] as typeof mine);
          };
          return { ...viewOf(own), round };
        },
      },
    });
    expect(ends(run)).toEqual(both);
  }
});

test('attack 2: another dealer’s messages, signed as one’s own, are bound to its place', async () => {
  const copied = new Map<string, Uint8Array>();
  const run = await attacked({
    tamper: (from, to, envelope) => {
      const { kind, content, sessionId } = envelope;
      if (from === 1 && content?.$case === 'open') copied.set(kind, content.value.body);
      const body = copied.get(kind);
      const isCopied = kind === resharing.kinds.commit || kind === resharing.kinds.open;
      if (from !== ATTACKER || body === undefined || !isCopied || to === 0) return [envelope];
      return [signEnvelope(attacker, sessionId, kind, from, 0, body)];
    },
  });

  expect(ends(run)).toEqual(both);
});

test('attack 2: messages of another reshare, and of a key generation, count as absent', async () => {
  const earlier: Envelope[] = [];
  const record = (from: PartyIndex, _: PartyIndex, envelope: Envelope) => {
    if (from === ATTACKER) earlier.push(envelope);
    return [envelope];
  };
  await attacked({ seed: 2, tamper: record });
  await runKeygen({ suite: smallSuite, threshold: 2, count: 3, signers, tamper: record });
  const kinds = new Set(earlier.map(({ kind }) => kind));
  expect(kinds.size).toBe(Object.keys(resharing.kinds).length + Object.keys(keygen.kinds).length);

  const run = await attacked({
    seed: 3,
    tamper: (from, _to, envelope) => {
      const { sessionId } = envelope;
      const here = earlier.map((each) => ({ ...each, sessionId }));
      return from === ATTACKER ? [...earlier, ...here] : [envelope];
    },
  });

  expect(ends(run)).toEqual(['waiting', 'waiting']);
});

test('attack 4: a wrong value for one member: that member names the dealer by its own messages, and the other has a sharing', async () => {
  const run = await attacked({
    corrupt: handsOut((to, right) => (to === 2 ? { value: encodeLittleEndian(5n, 32) } : right)),
  });

  expect(ends(run)).toEqual(['sharing', [ATTACKER]]);
  const evidence = shown(abortOf(run, 2).evidence);
  expect(evidence.map(({ kind }) => kind)).toEqual([resharing.kinds.open, resharing.kinds.value]);
  expect(judged(run, 'WRONG_VALUE', evidence)).toBe(true);
});

test.each([
  ['31 bytes', new Uint8Array(31)],
  ['q', encodeLittleEndian(group.order, 32)],
  ['nothing', new Uint8Array()],
])('attack 4: a value of %s is the dealer’s fault', async (_what, value) => {
  const run = await attacked({ corrupt: handsOut(() => ({ value })) });

  expect(ends(run)).toEqual(both);
});

test('attack 4: right messages prove nothing, whatever they are said to show', async () => {
  const said: Envelope[] = [];
  const run = await attacked({
    tamper: (_from, to, envelope) => {
      if (to === 2) said.push(envelope);
      return [envelope];
    },
  });
  const plain = shown(said);
  const of = (from: PartyIndex, round: 'commit' | 'open') =>
    plain.filter((each) => each.from === from && each.kind === resharing.kinds[round]);

  for (const from of [1, ATTACKER]) {
    const pair = [...of(from, 'commit'), ...of(from, 'open')];
    expect(pair.length).toBe(2);
    expect(judged(run, 'WRONG_OPENING', pair, from)).toBe(false);
    expect(judged(run, 'WRONG_OPENING', pair.toReversed(), from)).toBe(false);
    expect(judged(run, 'WRONG_VALUE', pair, from)).toBe(false);
    expect(judged(run, 'UNREADABLE_MESSAGE', pair.slice(1), from)).toBe(false);
    // Held against another's place they would fail: so the judge takes no message of another sender.
    expect(judged(run, 'WRONG_OPENING', pair, from === 1 ? ATTACKER : 1)).toBe(false);
  }
});

test('the messages of a party that does not deal are no fault of a dealing', () => {
  const hash = new Uint8Array(32);
  const body = (round: 'commit' | 'open') =>
    round === 'commit'
      ? resharing.rounds.commit.all.encode({ hash })
      : resharing.rounds.open.all.encode({ coefficients: [], salt: SALT });
  const said = (['commit', 'open'] as const).map((round) => ({
    kind: resharing.kinds[round],
    from: 2,
    to: 0,
    digest: hash,
    body: body(round),
  }));
  const accused = { sharing: smallSuite, sessionId: hash, index: 2, facts };

  expect(judgeReshare(accused, 'WRONG_OPENING', said)).toBe(false);
  expect(judgeReshare({ ...accused, index: 9 }, 'WRONG_OPENING', said)).toBe(false);
});

test.each([resharing.kinds.commit, resharing.kinds.open, resharing.kinds.announce])(
  'attack 29: two %s to one party: the sender has signed both',
  async (kind) => {
    const run = await attacked({
      tamper: (from, to, envelope) => {
        const { sessionId, content } = envelope;
        if (from !== ATTACKER || to !== 1 || envelope.kind !== kind) return [envelope];
        const body = content?.$case === 'open' ? content.value.body : new Uint8Array();
        const other = body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte));
        return [envelope, signEnvelope(attacker, sessionId, kind, from, 0, other)];
      },
    });

    expect(endOf(run, 1)).toEqual([ATTACKER]);
    expect(abortOf(run, 1).evidence.map((each) => each.kind)).toEqual([kind, kind]);
    expect(endOf(run, 2)).not.toEqual([1]);
  },
);

test('attack 29: a dealing of its own for one receiver: no node is named, but the digests differ', async () => {
  const other = dealtPolynomial(smallSuite, base, facts, 2);
  const coefficients = [...pointsOf(smallSuite, other)];
  const run = await attacked({
    corrupt: handsOut((to, right) =>
      to === 2 ? { value: group.encodeScalar(other.evaluate(2)) } : right,
    ),
    tamper: (from, to, envelope) => {
      const { sessionId, kind } = envelope;
      const hash = dealingCommitment(sessionId, ATTACKER, coefficients, SALT);
      const body = new Map([
        [resharing.kinds.commit, resharing.rounds.commit.all.encode({ hash })],
        [resharing.kinds.open, resharing.rounds.open.all.encode({ coefficients, salt: SALT })],
      ]).get(kind);
      return from === ATTACKER && to === 2 && body !== undefined
        ? [signEnvelope(attacker, sessionId, kind, from, 0, body)]
        : [envelope];
    },
  });

  expect(ends(run)).toEqual(['sharing', 'sharing']);
  expect(() => newSharing(run)).toThrow('do not agree');
});

test('a party that knows another base, request or material of the attempt ends with another digest', async () => {
  for (const change of [
    { requestHash: new Uint8Array(32) },
    { keyId: 'another' },
    { base: { ...facts.base, version: 9 } },
    { auxDigest: new Uint8Array(32) },
  ]) {
    const run = await attacked({
      believe: (index, right) => (index === 2 ? { ...right, ...change } : right),
    });
    expect(ends(run)).toEqual(['sharing', 'sharing']);
    expect(() => newSharing(run)).toThrow('do not agree');
  }
});

test('fewer dealers than the base sharing needs make no sharing, and there is no culprit', async () => {
  const run = await attacked({ dealers: ['a'] });

  expect([1, 2, 3].map((party) => endOf(run, party))).toEqual([[], [], []]);
});

test('right dealings of another key are no sharing of this one', async () => {
  const opened: Uint8Array[] = [];
  await attacked({
    tamper: (_from, to, envelope) => {
      const { kind, content } = envelope;
      if (to === 2 && kind === resharing.kinds.open && content?.$case === 'open')
        opened.push(content.value.body);
      return [envelope];
    },
  });
  const V_0 = base.V[0] ?? SALT;

  expect(newPolynomial(smallSuite, opened, V_0, 2, 3)?.[0]).toEqual(V_0);
  expect(newPolynomial(smallSuite, opened, base.V[1] ?? SALT, 2, 3)).toBeUndefined();
  expect(newPolynomial(smallSuite, opened.slice(1), V_0, 2, 3)).toBeUndefined();
});

test('attack 26: a dealer whose own share has changed in memory shows nothing, and is not blamed', async () => {
  const shownKinds = new Set<string>();
  const run = await attacked({
    shareOf: (node, share) =>
      node === 'c'
        ? { ...share, scalar: share.scalar.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) }
        : share,
    tamper: (from, _to, envelope) => {
      if (from === ATTACKER) shownKinds.add(envelope.kind);
      return [envelope];
    },
  });

  expect(ends(run)).toEqual(['waiting', 'waiting']);
  expect(endOf(run, ATTACKER)).toEqual([]);
  expect([...shownKinds]).toEqual([resharing.kinds.announce]);
});

test('a receiver that deals as well, uninvited, is not heard', async () => {
  const run = await attacked({
    tamper: (from, _to, envelope) => {
      const { sessionId, kind } = envelope;
      const [, two = attacker] = signers;
      if (from !== 2 || kind !== resharing.kinds.announce) return [envelope];
      const hash = resharing.rounds.commit.all.encode({ hash: SALT });
      return [envelope, signEnvelope(two, sessionId, resharing.kinds.commit, 2, 0, hash)];
    },
  });

  expect(newSharing(run).V[0]).toEqual(base.V[0]);
});

test('no dealer shows its polynomial before all have committed, and none deals before all have shown', async () => {
  for (const [withheld, never] of [
    [resharing.kinds.commit, [resharing.kinds.open, resharing.kinds.value]],
    [resharing.kinds.open, [resharing.kinds.value]],
  ] as const) {
    const said: string[] = [];
    const run = await attacked({
      tamper: (from, _to, envelope) => {
        if (from !== ATTACKER) said.push(envelope.kind);
        return from === ATTACKER && envelope.kind === withheld ? [] : [envelope];
      },
    });
    expect(said.filter((kind) => never.some((each) => each === kind))).toEqual([]);
    expect(ends(run)).toEqual(['waiting', 'waiting']);
  }
});

test('silence, a bad signature and a sealed value that does not open blame no party', async () => {
  for (const kind of Object.values(resharing.kinds))
    for (const spoilt of [() => [], (envelope: Envelope) => [spoil(envelope)]]) {
      const run = await attacked({
        tamper: (from, _to, envelope) =>
          from === ATTACKER && envelope.kind === kind ? spoilt(envelope) : [envelope],
      });
      expect(ends(run)).toEqual(['waiting', 'waiting']);
    }
});

test('a seal key with which all share zero blames no party', async () => {
  const run = await attacked({
    corrupt: { [ATTACKER]: (party) => ({ ...viewOf(party), sealKey: new Uint8Array(32) }) },
  });

  expect(ends(run)).toEqual(['waiting', 'waiting']);
});

test('values are sealed: no message on its way holds one', async () => {
  const sent: string[] = [];
  const values: string[] = [];
  await attacked({
    corrupt: handsOut((_, right) => {
      values.push(toHex(right.value));
      return right;
    }),
    tamper: (_from, _to, envelope) => {
      sent.push(toHex(encode(Envelope, envelope)));
      return [envelope];
    },
  });

  expect(values.length).toBe(3);
  expect(sent.filter((bytes) => values.some((value) => bytes.includes(value)))).toEqual([]);
});

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 1);

function spoil(envelope: Envelope): Envelope {
  const { content } = envelope;
  if (content === undefined || content.$case === 'digest') return envelope;
  return content.$case === 'sealed'
    ? { ...envelope, content: { $case: 'sealed', value: flip(content.value) } }
    : {
        ...envelope,
        content: {
          $case: 'open',
          value: { ...content.value, signature: flip(content.value.signature) },
        },
      };
}
