import { describe, expect, test } from '@jest/globals';
import {
  COMPLAINT_KIND,
  essentialEvidence,
  evidenceOfComplaint,
  evidenceOfMessages,
  evidenceOfShare,
  evidenceOfSigning,
  judgeEvidence,
  type AttemptBasis,
  type Judge,
} from '../../../src/blame/index.js';
import { clusterId, fromHex, taskId, type PartyIndex } from '../../../src/common/index.js';
import { sha256 } from '../../../src/crypto/index.js';
import {
  auxDigest,
  auxLeaf,
  auxMaterialLayout,
  auxRecordLayout,
  Gg20Tables,
  SESSION_SHARE_KIND,
  shareLayout,
  SigningAbort,
} from '../../../src/gg20/index.js';
import { readyBytes, requestHash, sessionIdOf, setIdOf } from '../../../src/identity/index.js';
import { ProtocolAbort, signEnvelope, TO_ALL } from '../../../src/mpc/index.js';
import { entryHash } from '../../../src/raft/index.js';
import { METHODS } from '../../../src/state/index.js';
import {
  Algorithm,
  Command,
  Complaint,
  decode,
  encode,
  Evidence,
  Gg20Profile,
  Hash,
  SignRequest,
  type Envelope,
  type Ready,
  type Sharing,
} from '../../../src/wire/index.js';
import { testVerify } from '../../support/builders/frost-exchange.js';
import { smallSet } from '../../support/builders/gg20.js';
import {
  begin,
  dealKey,
  fieldsOf,
  identityOf,
  signAll,
  type Attack,
  type SharedTestKey,
} from '../../support/builders/gg20-signing.js';
import { SCHEMES } from '../../support/builders/schemes.js';

/** The numbers of a small set under the names that an entry can give. */
const small = smallSet();
const set = {
  ...small,
  curve: { ...small.curve, name: 'secp256k1' },
  profile: { ...small.profile, name: 'P2048' },
};
const gg20 = new Gg20Tables([set]);
const CLUSTER = clusterId('c'.repeat(32));
const participants = [1, 2, 3].map((index) => ({
  nodeId: identityOf(index).node,
  identityKey: identityOf(index).publicKey,
}));
const SIGNERS = [2, 3];
/** The second of two parties. */
const LIAR = 3;

const judge: Judge = {
  genesis: { clusterId: CLUSTER, members: participants },
  verify: testVerify,
  schemes: {
    ...SCHEMES,
    [Algorithm.GG20_SECP256K1]: {
      ...SCHEMES[Algorithm.GG20_SECP256K1],
      signing: { by: 'session', curve: set.curve },
    },
  },
  gg20,
};

type SigningAttempt = {
  readonly key: SharedTestKey;
  readonly basis: AttemptBasis;
  readonly material: Uint8Array;
  readonly ready: (index: PartyIndex) => Ready;
};

/** An attempt by participants 2 and 3 of three, as its entry fixes it. */
function attempt(): SigningAttempt {
  const dealt = dealKey(set, 'small', SIGNERS, 3);
  const setId = fromHex(setIdOf({ profile: Gg20Profile.P2048, participants })) ?? new Uint8Array(0);
  const ssid = new Uint8Array(32).fill(3);
  const all = dealKey(set, 'small', [1, 2, 3], 3).basis.signers;
  const records = all.map(({ index, N, Nh, s, t }) =>
    auxRecordLayout(set).encode({
      setId,
      generation: 1,
      index,
      identityKey: identityOf(index).publicKey,
      N,
      Nh,
      s,
      t,
    }),
  );
  const leaves = records.map((record, at) => ({ index: at + 1, leaf: auxLeaf(record) }));
  const digest = auxDigest({ ssid, setId, generation: 1, leaves });
  const material = auxMaterialLayout(set, 3).encode({ ssid, records });
  const sharing: Sharing = {
    sessionId: new Uint8Array(32).fill(8),
    requestHash: new Uint8Array(32).fill(9),
    keyId: 'key',
    algorithm: Algorithm.GG20_SECP256K1,
    threshold: 2,
    participants,
    baseVersion: 0,
    version: 1,
    publicPolynomial: [...dealt.basis.V],
    publicKey: dealt.basis.V[0] ?? new Uint8Array(0),
    chainCode: dealt.basis.chainCode,
    digest: new Uint8Array(32),
  };
  const request = encode(SignRequest, {
    requestId: 'one',
    keyId: 'key',
    payload: { $case: 'message', value: MESSAGE },
    derivationPath: [],
    hash: Hash.SHA256,
  });
  const auxiliary = { setId, generation: 1, digest };
  const value = {
    taskId: taskId('a'.repeat(26)),
    number: 1,
    version: 1,
    sharingSession: sharing.sessionId,
    assignment: {
      $case: 'boots' as const,
      value: {
        nodes: SIGNERS.map((index) => ({
          nodeId: identityOf(index).node,
          boot: new Uint8Array(16),
        })),
      },
    },
    requestHash: requestHash(METHODS.sign, request),
    auxiliary,
    dealers: [],
  };
  const payload = encode(Command, { level: 3, command: { $case: 'attempt', value } });
  const entry = { index: 7, term: 2, timeMs: 1_000, payload, previousHash: new Uint8Array(32) };
  const hash = entryHash(entry.previousHash, { ...entry, kind: 'command' });
  const sessionId = fromHex(sessionIdOf(CLUSTER, hash)) ?? new Uint8Array(0);
  const session = { sessionId, clusterId: CLUSTER, setId, auxDigest: digest };
  const key = { ...dealt, tables: gg20, basis: { ...dealt.basis, ...session } };
  return {
    key,
    basis: { entry, method: METHODS.sign, request },
    material,
    ready: (index) => {
      const signer = identityOf(index);
      const signature = signer.sign(readyBytes(CLUSTER, sharing));
      return { nodeId: signer.node, sharing, signature };
    },
  };
}

const MESSAGE = new Uint8Array([1, 2, 3]);
const ASKED = { form: 'message', hash: Hash.SHA256, digest: sha256(MESSAGE), path: [] } as const;

function named(evidence: Uint8Array | undefined): string | undefined {
  const culprit = evidence && judgeEvidence(judge, evidence);
  return culprit && `${culprit.nodeId} ${culprit.reason}`;
}

/** The evidence that signer 2 makes of its abort. */
async function abortedBy(made: SigningAttempt, attack: Attack): Promise<ProtocolAbort> {
  const outcomes = await signAll(made.key, await begin(made.key, ASKED), attack);
  const outcome = outcomes.get(2);
  if (outcome?.ok !== false || !(outcome.error instanceof ProtocolAbort)) {
    throw new Error('an abort', { cause: outcome });
  }
  return outcome.error;
}

function lieAbout(round: string, field: number): Attack {
  return {
    lie: ({ from, to, round: its, body }) => {
      if (from !== LIAR || its !== round || to === LIAR) return body;
      const [, end = 0] = fieldsOf(body).at(field) ?? [];
      return body.map((byte, at) => (at === end - 1 ? byte ^ 1 : byte));
    },
  };
}

describe('a message of a signing session that fails a check', () => {
  test.each([
    ['answer', 0],
    ['sums', 4],
    ['gamma', 1],
    ['s', 1],
    ['ready', 0],
  ])('of %s names its signer to any reader of the genesis', async (round, field) => {
    const made = attempt();
    const { evidence, ...abort } = await abortedBy(made, lieAbout(round, field));
    if (!(abort instanceof Object) || !('statement' in abort)) throw new Error('a statement');
    const statement = abort.statement as readonly Uint8Array[];
    const { basis, material, ready } = made;
    const of = (index: PartyIndex, bytes = material) =>
      evidenceOfSigning(basis, identityOf(index).node, evidence, statement, ready(index), bytes);

    expect(named(of(LIAR))).toBe('node-3 WRONG_MESSAGE');
    const essential = essentialEvidence(judge, of(LIAR));
    expect(named(essential)).toBe('node-3 WRONG_MESSAGE');
    expect(essential?.length).toBeLessThan(of(LIAR).length);
    // Nobody else signed these messages, and other material is not that of the entry.
    expect(named(of(2))).toBeUndefined();
    expect(
      named(
        of(
          LIAR,
          material.map((byte, at) => (at === 300 ? byte ^ 1 : byte)),
        ),
      ),
    ).toBeUndefined();
    expect(named(of(LIAR, new Uint8Array(0)))).toBeUndefined();
    // Without its own word for the key nothing is judged.
    const bare = decode(Evidence, of(LIAR));
    expect(named(bare && encode(Evidence, { ...bare, ready: ready(2) }))).toBeUndefined();
  });

  test('of an honest signer names none', async () => {
    const made = attempt();
    const heard: Envelope[] = [];
    await signAll(made.key, await begin(made.key, ASKED), {
      sees: (_, envelope) => heard.push(envelope),
    });
    const { basis, material, ready } = made;
    const bodies = heard.flatMap(({ content }) =>
      content?.$case === 'open' ? [content.value.body] : [],
    );
    for (const [at, index] of SIGNERS.entries()) {
      const said = heard.filter(({ from }) => from === at + 1);
      const { node } = identityOf(index);
      const evidence = evidenceOfSigning(basis, node, said, bodies, ready(index), material);
      expect(named(evidence)).toBeUndefined();
      expect(essentialEvidence(judge, evidence)).toBeUndefined();
      // Its accuser, which is another signer, has lied.
      const accuser = SIGNERS.find((other) => other !== index) ?? 0;
      const shown = { $case: 'evidence' as const, value: { items: [evidence] } };
      const { sessionId } = said[0] ?? { sessionId: new Uint8Array() };
      const complaint = signEnvelope(
        identityOf(accuser),
        sessionId,
        COMPLAINT_KIND,
        1,
        TO_ALL,
        encode(Complaint, { shown }),
      );
      const turned = evidenceOfComplaint(basis, identityOf(accuser).node, complaint);
      expect(named(turned)).toBe(`${identityOf(accuser).node} FALSE_ACCUSATION`);
    }
  });
});

test.each(['nonce', 'answer', 'rb-echo'])(
  'a %s of another length names its signer',
  async (round) => {
    const made = attempt();
    const { evidence } = await abortedBy(made, {
      tamper: ({ from, round: its, body }) =>
        from === LIAR && its === round ? Uint8Array.of(...body, 0) : body,
    });
    const { basis, material, ready } = made;
    const bytes = evidenceOfSigning(basis, 'node-3', evidence, [], ready(LIAR), material);
    expect(named(bytes)).toBe('node-3 WRONG_MESSAGE');
  },
);

test('two bodies of one broadcast name their signer, and no bodies are shown', async () => {
  const made = attempt();
  const { evidence } = await abortedBy(made, {
    lie: ({ body }) => body,
    tamper: ({ from, round, isBroadcast, body }) =>
      from === LIAR && round === 'nonce' && isBroadcast
        ? body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte))
        : body,
  });
  expect(evidence).toHaveLength(2);
  const bytes = evidenceOfMessages(made.basis, 'node-3', evidence);
  expect(named(bytes)).toBe('node-3 TWO_MESSAGES');
  expect(bytes?.length).toBeLessThan(2_000);
});

test('a wrong share names its signer, a right one does not', async () => {
  const { key, basis, ready } = attempt();
  const outcomes = await signAll(key, await begin(key, ASKED));
  const outcome = outcomes.get(LIAR);
  if (outcome?.ok !== true) throw new Error('a share');
  const layout = shareLayout(set, 2, 'interactive');
  const share = layout.decode(outcome.value);
  if (share === undefined) throw new Error('a share');
  const evidenceOf = (body: Uint8Array) => {
    const { sessionId } = key.basis;
    const { content } = signEnvelope(
      identityOf(LIAR),
      sessionId,
      SESSION_SHARE_KIND,
      LIAR,
      TO_ALL,
      body,
    );
    if (content?.$case !== 'open') throw new Error('it is open');
    return evidenceOfShare(basis, 'node-3', content.value, ready(LIAR));
  };

  expect(named(evidenceOf(outcome.value))).toBeUndefined();
  const s = share.s === 1n ? 2n : share.s - 1n;
  expect(named(evidenceOf(layout.encode({ ...share, s })))).toBe('node-3 WRONG_SHARE');
  expect(named(evidenceOf(new Uint8Array(5)))).toBe('node-3 WRONG_SHARE');
});

test('an abort says what its evidence is made of', async () => {
  const abort = await abortedBy(attempt(), lieAbout('gamma', 1));
  expect(abort).toBeInstanceOf(SigningAbort);
});
