import { equal, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { randomPolynomial } from '../../src/crypto/index.js';
import { keygen } from '../../src/sharing/index.js';
import type { Suite } from '../../src/frost/index.js';
import { commitmentTo } from '../../src/sharing/checks.js';
import type { Opening } from '../../src/sharing/checks.js';
import { readyBytes } from '../../src/identity/index.js';
import { signEnvelope } from '../../src/mpc/index.js';
import { Seals } from '../../src/mpc/seals.js';
import { encodeCommand } from '../../src/state/index.js';
import { Command, Complaint, decode, Declined, encode, SignedBody } from '../../src/wire/index.js';
import type { Envelope, Sharing, TaskMessageBody } from '../../src/wire/index.js';
import { ledgerSigner, signedBody } from '../support/builders/accusation.js';
import { seededRandom } from '../support/builders/frost-exchange.js';
import { ATTACKER, openingFor, SALT } from '../support/adversary/keygen-liar.js';
import { NODES, sealOf, identityKeyOf } from '../support/builders/ledger.js';
import { ofSuite, unless } from './case.js';
import type { AttackCase } from './case.js';
import { Cluster, THREE, TWO } from './cluster.js';
import type { Meddling } from './cluster.js';
import { DECLINED_KIND, COMPLAINT_KIND } from '../../src/tasks/index.js';

const LIAR = THREE;

type Lie = {
  readonly name: string;
  readonly rows?: readonly number[];
  readonly ends: 'TWO_MESSAGES' | 'WRONG_OPENING' | 'WRONG_VALUE' | 'UNREADABLE_MESSAGE' | 'nobody';
  /** What the task comes to within two seconds. */
  readonly outcome: string;
  meddle(cluster: Cluster): Meddling;
};

/** A lying participant of a key generation, from the entry to what every honest node shows of it in the end. */
export function generatingCases(suite: Suite): readonly AttackCase[] {
  return [...lies(suite), ...afterwards(), ...complaints()].map((lie): AttackCase => ({
    name: ofSuite(suite, `generating: ${lie.name}`),
    rows: lie.rows ?? [],
    expected: lie.ends === 'nobody' ? [] : [`${LIAR} ${lie.ends}`],
    liars: [LIAR],
    run: async () => {
      const cluster = await Cluster.start(suite, LIAR, false);
      cluster.meddling = lie.meddle(cluster);
      cluster.generate();
      await cluster.pass(2000);
      const outcome = cluster.outcome('generate-cold');
      const made = cluster.ledger.ask.key('cold') !== undefined;
      cluster.stop();
      return {
        named: await cluster.named(),
        problems: [
          ...unless(outcome === lie.outcome, `the task came to: ${outcome}`),
          ...unless(made === (lie.outcome === 'generatedKey'), made ? 'a key' : 'no key'),
        ],
      };
    },
  }));
}

/** Says other bodies in place of the liar's keygen/commit and keygen/open. */
function saying(
  body: (kind: string, right: Uint8Array, sessionId: Uint8Array) => Uint8Array,
  to: readonly NodeId[] = NODES,
): Meddling {
  return (_from, receiver, message) => {
    const said = message.message;
    if (said?.$case !== 'envelope' || !to.includes(receiver)) return [message];
    const { kind, sessionId, content } = said.value;
    if ((kind !== keygen.kinds.commit && kind !== keygen.kinds.open) || content?.$case !== 'open')
      return [message];
    return [enveloped(sessionId, kind, 0, body(kind, content.value.body, sessionId))];
  };
}

function enveloped(
  sessionId: Uint8Array,
  kind: string,
  to: number,
  body: Uint8Array,
): TaskMessageBody {
  const value = signedBody(sessionId, kind, ATTACKER, to, body);
  const content = { $case: 'open' as const, value };
  return {
    message: { $case: 'envelope', value: { sessionId, kind, from: ATTACKER, to, content } },
  };
}

/** keygen/commit and keygen/open that fit each other, for an opening of the liar's choice. */
function opening(forge: (sessionId: Uint8Array) => Opening) {
  return (kind: string, right: Uint8Array, sessionId: Uint8Array): Uint8Array => {
    const value = { ...forge(sessionId), salt: SALT };
    if (kind === keygen.kinds.open) return keygen.rounds.open.all.encode(value);
    const sealKey = keygen.rounds.commit.all.decode(right)?.sealKey ?? new Uint8Array(32);
    return keygen.rounds.commit.all.encode({
      hash: commitmentTo(sessionId, ATTACKER, value, SALT),
      sealKey,
    });
  };
}

function lies(suite: Suite): Lie[] {
  const honest = (sessionId: Uint8Array) => openingFor(suite, sessionId, ATTACKER);
  return [
    {
      name: 'one point too many, told to all',
      rows: [3],
      ends: 'WRONG_OPENING',
      outcome: 'CULPRIT_PROVED',
      meddle: () => saying(opening((sessionId) => openingFor(suite, sessionId, ATTACKER, 3))),
    },
    {
      name: 'a polynomial that is not the one it deals from, told to all',
      rows: [4],
      ends: 'WRONG_VALUE',
      outcome: 'CULPRIT_PROVED',
      meddle: () => saying(opening(honest)),
    },
    {
      name: 'a keygen/open that was not committed to, told to one',
      rows: [29],
      ends: 'WRONG_OPENING',
      outcome: 'CULPRIT_PROVED',
      meddle: () =>
        saying(
          (kind, right, sessionId) =>
            kind === keygen.kinds.commit
              ? right
              : keygen.rounds.open.all.encode({ ...honest(sessionId), salt: SALT }),
          [TWO],
        ),
    },
    {
      name: 'a keygen/commit that is no message',
      ends: 'UNREADABLE_MESSAGE',
      outcome: 'CULPRIT_PROVED',
      meddle: () =>
        saying((kind, right) => (kind === keygen.kinds.commit ? utf8('nothing') : right)),
    },
    {
      name: 'a whole run of its own for one participant: digests differ',
      rows: [5, 29],
      ends: 'TWO_MESSAGES',
      outcome: 'CULPRIT_PROVED',
      meddle: (cluster) => runOfItsOwn(suite, cluster),
    },
    {
      name: 'nothing at all',
      ends: 'nobody',
      outcome: 'open',
      meddle: () => (_from, _to, message) =>
        message.message?.$case === 'envelope' ? [] : [message],
    },
  ];
}

/** node-2 is told another polynomial than node-1, and is dealt values that are on it. */
function runOfItsOwn(suite: Suite, cluster: Cluster): Meddling {
  const { group } = suite;
  const other = randomPolynomial(group, 2, seededRandom(77));
  const told = saying(
    opening((sessionId) => openingFor(suite, sessionId, ATTACKER)),
    [TWO],
  );
  let sealed: Uint8Array | undefined;
  return (from, to, message) => {
    const said = message.message;
    if (said?.$case !== 'envelope' || said.value.kind !== keygen.kinds.value || to !== TWO) {
      return told(from, to, message);
    }
    const { sessionId } = said.value;
    sealed ??= sealing(sessionId, group.encodeScalar(other.evaluate(2)));
    const content = { $case: 'sealed' as const, value: sealed };
    return [{ message: { $case: 'envelope', value: { ...said.value, content } } }];
  };

  function sealing(sessionId: Uint8Array, value: Uint8Array): Uint8Array {
    const body = keygen.rounds.value.each.encode({ value });
    const signed = signedBody(sessionId, keygen.kinds.value, ATTACKER, 2, body);
    const seals = sealsOf(sessionId, cluster, TWO);
    return seals.seal(keygen.kinds.value, 2, encode(SignedBody, signed));
  }
}

/** The liar's own seals again, from the random bytes that they were made of. */
function sealsOf(sessionId: Uint8Array, cluster: Cluster, to: NodeId): Seals {
  const key = cluster.sealKeys.get(to) ?? new Uint8Array(32);
  const own = cluster.sealKeys.get(LIAR) ?? new Uint8Array(32);
  for (const drawn of cluster.drawn.filter(({ length }) => length === 32)) {
    const seals = new Seals(sessionId, ATTACKER, [keygen.kinds.value], {
      bytes: () => drawn.slice(),
    });
    if (equal(seals.publicKey, own) && seals.agree(NODES.indexOf(to) + 1, key)) return seals;
  }
  throw new Error('the liar has no such key');
}

const fact =
  (cluster: Cluster, change: (said: Sharing) => Sharing | undefined): Meddling =>
  (_from, _to, message) => {
    const said = message.message;
    const command =
      said?.$case === 'fact' ? decode(Command, said.value.command)?.command : undefined;
    if (command?.$case !== 'ready') return [message];
    const sharing = command.value.sharing && change(command.value.sharing);
    if (sharing === undefined) return [];
    const bytes = readyBytes(cluster.ledger.rules.genesis.clusterId, sharing);
    const signature = sealOf(identityKeyOf(LIAR), bytes);
    const value = { ...command.value, sharing, signature };
    const forged = encodeCommand({ $case: 'ready', value });
    return [{ message: { $case: 'fact', value: { command: forged } } }];
  };

const declining = (reason: string, outcome: string): Lie => ({
  name: `a needless refusal: ${reason}`,
  ends: 'nobody',
  outcome,
  meddle: () => (_from, _to, message) => {
    const said = message.message;
    if (said?.$case !== 'envelope') return [message];
    const { sessionId } = said.value;
    const body = encode(Declined, { reason, index: 0 });
    const envelope = signEnvelope(ledgerSigner(LIAR), sessionId, DECLINED_KIND, ATTACKER, 0, body);
    return [{ message: { $case: 'decline', value: { envelope, freshSupplies: undefined } } }];
  },
});

const inReady = (
  name: string,
  rows: readonly number[],
  change: (said: Sharing) => Sharing | undefined,
): Lie => ({
  name,
  rows,
  ends: 'nobody',
  outcome: 'open',
  meddle: (cluster) => fact(cluster, change),
});

/** Lies in what is said once the key is made, and in refusals: nobody can be named, and no key comes of them. */
function afterwards(): Lie[] {
  return [
    inReady('a made-up digest in ready', [5], (said) => ({ ...said, digest: new Uint8Array(32) })),
    inReady('another V in ready', [25], (said) => ({
      ...said,
      publicPolynomial: said.publicPolynomial.toReversed(),
    })),
    inReady('another chain code in ready', [25], (said) => ({
      ...said,
      chainCode: new Uint8Array(32),
    })),
    inReady('ready withheld', [5], () => undefined),
    inReady('ready for a lower threshold', [23], (said) => ({ ...said, threshold: 1 })),
    inReady('ready for fewer participants', [23], (said) => ({
      ...said,
      participants: said.participants.slice(1),
    })),
    declining('aborted', 'open'),
    declining('pending-full', 'PENDING_FULL'),
  ];
}

const complaining =
  (shown: (about: Envelope) => NonNullable<Complaint['shown']>): Meddling =>
  (_from, _to, message) => {
    const said = message.message;
    if (said?.$case !== 'envelope') return [message];
    const { sessionId } = said.value;
    const body = encode(Complaint, { shown: shown(said.value) });
    return [enveloped(sessionId, COMPLAINT_KIND, 0, body), message];
  };

const evidence = (...items: Uint8Array[]) => ({ $case: 'evidence' as const, value: { items } });

const falseComplaint = (
  name: string,
  shown: (about: Envelope) => NonNullable<Complaint['shown']>,
): Lie => ({
  name: `a false complaint: ${name}`,
  rows: [4, 22],
  ends: 'nobody',
  outcome: 'generatedKey',
  meddle: () => complaining(shown),
});

/** Accusations against honest nodes, in a key generation that is right. */
function complaints(): Lie[] {
  return [
    falseComplaint('nothing', () => evidence()),
    falseComplaint('what is no evidence', () => evidence(utf8('node-1 did it'))),
    falseComplaint(
      'a transcript in which honest ones said what they never signed',
      ({ sessionId }) => {
        const said = NODES.map((_, at) =>
          signedBody(sessionId, keygen.kinds.commit, ATTACKER, 0, Uint8Array.of(at)),
        );
        return { $case: 'transcript', value: { commitments: said, openings: said } };
      },
    ),
    falseComplaint('a transcript of nobody', () => ({
      $case: 'transcript',
      value: { commitments: [], openings: [] },
    })),
  ];
}
