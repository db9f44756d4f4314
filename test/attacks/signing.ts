import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { Suite } from '../../src/frost/index.js';
import { Complaint, decode, Declined, encode, SignatureShare } from '../../src/wire/index.js';
import type { Contribution, Envelope, TaskMessageBody } from '../../src/wire/index.js';
import { signedBody } from '../support/builders/accusation.js';
import { NODES } from '../support/builders/ledger.js';
import { ofSuite, unless } from './case.js';
import type { AttackCase } from './case.js';
import { Cluster, ONE, THREE, TWO } from './cluster.js';
import { keygen } from '../../src/sharing/index.js';
import { SHARE_KIND } from '../../src/frost/index.js';
import { DECLINED_KIND, COMPLAINT_KIND } from '../../src/tasks/index.js';

const LIAR = THREE;

type Lie = {
  readonly name: string;
  readonly rows?: readonly number[];
  readonly ends: 'TWO_MESSAGES' | 'WRONG_SHARE' | 'nobody';
  /** What becomes of the liar's share on its way to `to`. */
  share(to: NodeId, contribution: Contribution, cluster: Cluster): readonly Contribution[];
  /** Whether the liar's share can be part of the signature all the same. */
  readonly harmless?: true;
};

/** A lying signer 3: the signature is made without it, and it is named if it signed what proves it. */
export function signingCases(suite: Suite): readonly AttackCase[] {
  return [...wrongShares(suite), ...otherShares(suite), ...refusals(), ...complaints()].map(
    (lie): AttackCase => ({
      name: ofSuite(suite, `signing: ${lie.name}`),
      rows: lie.rows ?? [],
      expected: lie.ends === 'nobody' ? [] : [`${LIAR} ${lie.ends}`],
      liars: [LIAR],
      run: async () => {
        const cluster = await Cluster.start(suite, LIAR, true);
        cluster.meddling = (_from, to, message) => {
          const said = message.message;
          return said?.$case === 'contribution'
            ? lie.share(to, said.value, cluster).map(contributed)
            : [message];
        };
        await cluster.sign('one', [ONE, LIAR]);
        await cluster.pass(1500);
        const asked = cluster.firstAsked('one').join();
        const signers = cluster.signedBy('one');
        cluster.stop();
        return {
          named: await cluster.named(),
          problems: [
            ...unless(asked === [ONE, LIAR].join(), `the first attempt asked ${asked}`),
            ...unless(
              signers !== 'nobody' && (lie.harmless ?? !signers.includes(LIAR)),
              `signed by ${String(signers)}`,
            ),
          ],
        };
      },
    }),
  );
}

/** Once proved, a liar is asked only where the others are too few. */
export function laterCase(suite: Suite): AttackCase {
  return {
    name: ofSuite(suite, 'signing: a proved culprit is chosen last'),
    rows: [28],
    expected: [`${LIAR} WRONG_SHARE`],
    liars: [LIAR],
    run: async () => {
      const cluster = await Cluster.start(suite, LIAR, true);
      let lies = true;
      cluster.meddling = (_from, _to, message) => {
        const said = message.message;
        const lying = lies && said?.$case === 'contribution' && isShare(said.value);
        return lying
          ? [contributed(saying(said.value, share(suite.group.encodeScalar(1n))))]
          : [message];
      };
      await cluster.sign('one', [ONE, LIAR]);
      await cluster.pass(500);
      lies = false;
      const signed: string[] = [];
      for (const id of ['two', 'three', 'four', 'five']) {
        await cluster.sign(id, NODES);
        await cluster.pass(100);
        signed.push(String(cluster.signedBy(id)));
      }
      cluster.stop();
      const others = [ONE, TWO].join();
      return {
        named: await cluster.named(),
        problems: unless(
          signed.every((signers) => signers === others),
          `signed by ${signed.join(' ')}`,
        ),
      };
    },
  };
}

const contributed = (value: Contribution): TaskMessageBody =>
  value.envelope?.kind === DECLINED_KIND
    ? { message: { $case: 'decline', value } }
    : { message: { $case: 'contribution', value } };

const never = (): readonly Contribution[] => [];

/** The same contribution with another body, signed by the liar as node `index` would. */
function saying(
  contribution: Contribution,
  body: Uint8Array,
  kind = SHARE_KIND,
  index = 3,
): Contribution {
  const sessionId = contribution.envelope?.sessionId ?? new Uint8Array(32);
  const value = signedBody(sessionId, kind, 3, 0, body);
  const content = { $case: 'open' as const, value };
  return { ...contribution, envelope: { sessionId, kind, from: index, to: 0, content } };
}

function isShare({ envelope }: Contribution): boolean {
  return envelope?.kind === SHARE_KIND;
}

function shareOf({ envelope }: Contribution): Uint8Array {
  const body = envelope?.content?.$case === 'open' ? envelope.content.value.body : undefined;
  return (body && decode(SignatureShare, body)?.share) ?? new Uint8Array(32);
}

const share = (bytes: Uint8Array): Uint8Array => encode(SignatureShare, { share: bytes });

function wrongShares({ group }: Suite): Lie[] {
  const next = (right: Uint8Array): Uint8Array =>
    group.encodeScalar(((group.decodeScalar(right) ?? 0n) + 1n) % group.order);
  const changes: readonly (readonly [
    string,
    readonly number[],
    (right: Uint8Array) => Uint8Array,
  ])[] = [
    ['another number', [13], (right) => share(next(right))],
    ['zero', [], () => share(group.encodeScalar(0n))],
    ['a number above q', [14], () => share(new Uint8Array(32).fill(255))],
    ['31 bytes', [14], (right) => share(right.slice(1))],
    ['33 bytes', [14], (right) => share(Uint8Array.of(...right, 0))],
    ['nothing', [14], () => new Uint8Array()],
    ['what is no message', [14], () => utf8('no message')],
  ];
  return changes.map(([what, rows, change]): Lie => ({
    name: `a share of ${what}`,
    rows: [...rows, 28],
    ends: 'WRONG_SHARE',
    share: (_to, said) => (isShare(said) ? [saying(said, change(shareOf(said)))] : [said]),
  }));
}

function otherShares({ group }: Suite): Lie[] {
  const one = share(group.encodeScalar(1n));
  const besides =
    (to: NodeId): Lie['share'] =>
    (receiver, said) =>
      receiver === to && isShare(said) ? [said, saying(said, one)] : [said];
  return [
    {
      name: 'a second, different share, to the leader',
      rows: [9, 29],
      ends: 'TWO_MESSAGES',
      harmless: true,
      share: besides(ONE),
    },
    {
      name: 'a second, different share, to another voter alone',
      rows: [9, 29],
      ends: 'TWO_MESSAGES',
      harmless: true,
      share: besides(TWO),
    },
    {
      name: 'a wrong share to another voter alone, the right one to the leader',
      ends: 'nobody',
      harmless: true,
      share: (to, said) => (to === TWO && isShare(said) ? [saying(said, one)] : [said]),
    },
    {
      name: 'a share with a broken signature',
      rows: [22],
      ends: 'nobody',
      share: (_to, said) => {
        const { envelope } = saying(said, one);
        if (envelope?.content?.$case !== 'open' || !isShare(said)) return [said];
        const value = { ...envelope.content.value, signature: new Uint8Array(64) };
        const content = { $case: 'open' as const, value };
        return [{ ...said, envelope: { ...envelope, content } }];
      },
    },
    {
      name: 'a wrong share in the leader’s name, beside silence',
      rows: [22],
      ends: 'nobody',
      share: (_to, said) => (isShare(said) ? [saying(said, one, SHARE_KIND, 1)] : [said]),
    },
    {
      name: 'a share for another session, beside silence',
      rows: [2],
      ends: 'nobody',
      share: (_to, said) => {
        const envelope = said.envelope && {
          ...said.envelope,
          sessionId: new Uint8Array(32).fill(3),
        };
        return isShare(said) ? [{ ...said, envelope }] : [said];
      },
    },
    { name: 'silence', ends: 'nobody', share: (_to, said) => (isShare(said) ? never() : [said]) },
  ];
}

function refusals(): Lie[] {
  const words = ['nonce-gone', 'boot-changed', 'bad-commitment', 'wrong-share', 'made-up'];
  return words.map((reason): Lie => ({
    name: `a needless refusal: ${reason}`,
    ends: 'nobody',
    share: (_to, said) =>
      isShare(said)
        ? [saying(said, encode(Declined, { reason, index: 1 }), DECLINED_KIND)]
        : [said],
  }));
}

const complaining =
  (
    shown: (about: Contribution, cluster: Cluster) => NonNullable<Complaint['shown']>,
  ): Lie['share'] =>
  (to, said, cluster) => {
    const sessionId = said.envelope?.sessionId;
    if (!isShare(said) || sessionId === undefined) return [said];
    const body = encode(Complaint, { shown: shown(said, cluster) });
    const value = signedBody(sessionId, COMPLAINT_KIND, 3, 0, body);
    const content = { $case: 'open' as const, value };
    const envelope: Envelope = { sessionId, kind: COMPLAINT_KIND, from: 3, to: 0, content };
    cluster.deliver(LIAR, to, { message: { $case: 'envelope', value: envelope } });
    return [said];
  };

const items = (...evidence: Uint8Array[]) => ({
  $case: 'evidence' as const,
  value: { items: evidence },
});

/** Accusations against honest node-1, beside a share that is right. */
function complaints(): Lie[] {
  const none = { commitments: [], openings: [] };
  return [
    {
      name: 'a complaint with no evidence',
      rows: [4],
      ends: 'nobody',
      harmless: true,
      share: complaining(() => items()),
    },
    {
      name: 'a complaint with what is no evidence',
      rows: [4, 22],
      ends: 'nobody',
      harmless: true,
      share: complaining(() => items(utf8('node-1 did it'), new Uint8Array(0))),
    },
    {
      name: 'a complaint with messages of a key generation about a signature',
      rows: [4],
      ends: 'nobody',
      harmless: true,
      share: complaining((about) => {
        const sessionId = about.envelope?.sessionId ?? new Uint8Array(32);
        const said = NODES.map((_, at) =>
          signedBody(sessionId, keygen.kinds.commit, 3, 0, Uint8Array.of(at)),
        );
        return { $case: 'transcript', value: { ...none, commitments: said } };
      }),
    },
  ];
}
