import { expect, test } from '@jest/globals';
import {
  COMPLAINT_KIND,
  evidenceOfComplaint,
  evidenceOfMessages,
  judgeEvidence,
  type AttemptBasis,
  type Judge,
} from '../../../src/blame/index.js';
import { clusterId, fromHex, taskId, type PartyIndex } from '../../../src/common/index.js';
import { Gg20Tables, type PrepareFacts } from '../../../src/gg20/index.js';
import { requestHash, sessionIdOf, setIdOf } from '../../../src/identity/index.js';
import { bodyDigest, ProtocolAbort, signEnvelope, TO_ALL } from '../../../src/mpc/index.js';
import { entryHash } from '../../../src/raft/index.js';
import type { Signer } from '../../../src/ports/index.js';
import {
  Command,
  Complaint,
  decode,
  Echo,
  encode,
  Evidence,
  Gg20Profile,
  PrepareRequest,
  type Envelope,
} from '../../../src/wire/index.js';
import { testSigner, testVerify } from '../../support/builders/frost-exchange.js';
import { smallSet } from '../../support/builders/gg20.js';
import {
  abortOf,
  corruptCompute,
  madeBy,
  memorySeen,
  prepareCompute,
  resigned,
  runPrepare,
  testPrimes,
  type PrepareRunOptions,
} from '../../support/builders/gg20-prepare.js';
import { SCHEMES } from '../../support/builders/schemes.js';

/** The numbers of a small set under the names that a request can give. */
const small = smallSet();
const set = {
  ...small,
  curve: { ...small.curve, name: 'secp256k1' },
  profile: { ...small.profile, name: 'P2048' },
};
const gg20 = new Gg20Tables([set]);
const compute = prepareCompute({ gg20 });

const CLUSTER = clusterId('c'.repeat(32));
const ATTACKER = 2;
const signers: readonly Signer[] = [1, 2, 3].map((at) => testSigner(`node-${at}`));
const participants = signers.map(({ node, publicKey }) => ({
  nodeId: node,
  identityKey: publicKey,
}));
const judge: Judge = {
  genesis: {
    clusterId: CLUSTER,
    members: signers.map(({ node, publicKey }) => ({ nodeId: node, identityKey: publicKey })),
  },
  verify: testVerify,
  schemes: SCHEMES,
  gg20,
};

/** An attempt of a prepare as its entry fixes it. */
function attempt(number = 1) {
  const profile = Gg20Profile.P2048;
  const method = '/quorate.peer.v1.Upkeep/Prepare';
  const request = encode(PrepareRequest, {
    profile,
    participants,
    generation: 1,
    culprit: undefined,
  });
  const value = {
    taskId: taskId('a'.repeat(26)),
    number,
    version: 0,
    sharingSession: new Uint8Array(0),
    assignment: {
      $case: 'boots' as const,
      value: { nodes: signers.map(({ node }) => ({ nodeId: node, boot: new Uint8Array(16) })) },
    },
    requestHash: requestHash(method, request),
    auxiliary: undefined,
    dealers: [],
  };
  const payload = encode(Command, { level: 3, command: { $case: 'attempt', value } });
  const entry = { index: 7, term: 2, timeMs: 1_000, payload, previousHash: new Uint8Array(32) };
  const hash = entryHash(entry.previousHash, { ...entry, kind: 'command' });
  const basis: AttemptBasis = { entry, method, request };
  const facts: Partial<PrepareFacts> = {
    clusterId: CLUSTER,
    setId: fromHex(setIdOf({ profile, participants })) ?? new Uint8Array(0),
    attempt: number,
  };
  const sessionId = fromHex(sessionIdOf(CLUSTER, hash)) ?? new Uint8Array(0);
  return { basis, options: { set, facts, sessionId, signers, compute } };
}

/** What the parties' aborts prove of a node, in a word. */
function proved(basis: AttemptBasis, { culprits, evidence, beside }: ProtocolAbort) {
  return culprits.map((culprit) => {
    const own = evidence.filter(({ from }) => from === culprit);
    return named(evidenceOfMessages(basis, `node-${culprit}`, own, undefined, beside.get(culprit)));
  });
}

function named(evidence: Uint8Array | undefined): string | undefined {
  const culprit = evidence && judgeEvidence(judge, evidence);
  return culprit && `${culprit.nodeId} ${culprit.reason}`;
}

/** The attacker's job with its output changed in one place. */
function wrongWork(job: string, at: number): PrepareRunOptions {
  const work = corruptCompute((name, output) => {
    if (name !== job) return output;
    const bytes = output as Uint8Array;
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  }, compute);
  return { corruptWork: { [ATTACKER]: work } };
}

/** What the attacker says in a round with one list or number of it changed. */
function wrongWords(
  round: string,
  change: (all: Record<string, Uint8Array>) => Record<string, unknown>,
): PrepareRunOptions {
  return {
    corruptWords: {
      [ATTACKER]: (name, mine) => {
        if (name !== round) return mine;
        const said = mine as { readonly all: Record<string, Uint8Array> };
        return { ...said, all: change(said.all) };
      },
    },
  };
}

const flipped = (bytes: Uint8Array | undefined): Uint8Array =>
  Uint8Array.from(bytes ?? [], (byte, at) => (at === 40 % (bytes?.length ?? 1) ? byte ^ 1 : byte));

const flippedLast = (body: Uint8Array): Uint8Array =>
  body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte));

const CASES: readonly [string, PrepareRunOptions][] = [
  ['WRONG_MATERIAL', wrongWords('open', (all) => ({ ...all, rid: flipped(all['rid']) }))],
  ['WRONG_PARAMETERS', wrongWords('parameters', ({ proof }) => ({ proof: flipped(proof) }))],
  ['WRONG_MODULUS_PROOF', wrongWork('gg20/prove-modulus', 300)],
  ['WRONG_FACTOR_PROOF', wrongWork('gg20/prove-factors', 300)],
  [
    'WRONG_STATEMENT',
    wrongWords('prove', ({ rids, ...all }) => ({
      ...all,
      rids: [...(rids as unknown as Uint8Array[])].map((rid, at) =>
        at === 2 ? flipped(rid) : rid,
      ),
    })),
  ],
];

test.each(CASES)(
  'evidence of %s names the attacker to a reader of it alone',
  async (reason, lie) => {
    const { basis, options } = attempt();
    const run = await runPrepare({ ...options, ...lie });
    for (const party of [1, 3]) {
      expect(proved(basis, abortOf(run, party))).toEqual([`node-2 ${reason}`]);
    }
  },
);

test('two bodies of one kind, and a body that spells nothing, name their sender', async () => {
  const { basis, options } = attempt();
  const two = await runPrepare({
    ...options,
    tamper: (from, to, envelope) =>
      from === ATTACKER && to === 3 && envelope.kind === 'prepare/open'
        ? [resigned(signers[1], envelope, flippedLast)]
        : [envelope],
  });
  expect(proved(basis, abortOf(two, 1))).toEqual(['node-2 TWO_MESSAGES']);
  const none = await runPrepare({
    ...options,
    tamper: (from, _to, envelope) =>
      from === ATTACKER && envelope.kind === 'prepare/prove'
        ? [resigned(signers[1], envelope, (body) => body.subarray(1))]
        : [envelope],
  });
  expect(proved(basis, abortOf(none, 1))).toEqual(['node-2 UNREADABLE_MESSAGE']);
});

test('an echo of what nobody signed names its sender', async () => {
  const { basis, options } = attempt();
  const lies: readonly ((heard: Echo) => Echo)[] = [
    ({ heard }) => ({ heard: heard.slice(1) }),
    ({ heard }) => ({ heard: heard.map((each) => ({ ...each, digest: bodyDigest(each.digest) })) }),
  ];
  for (const lie of lies) {
    const run = await runPrepare({
      ...options,
      tamper: (from, _to, envelope) =>
        from === ATTACKER && envelope.kind === 'prepare/open-echo'
          ? [
              resigned(signers[1], envelope, (body) =>
                encode(Echo, lie(decode(Echo, body) ?? { heard: [] })),
              ),
            ]
          : [envelope],
    });
    expect(proved(basis, abortOf(run, 1))).toEqual(['node-2 FALSE_ECHO']);
  }
});

/** The attacker's primes again, and fresh ones of the others. */
function primes(party: PartyIndex) {
  return testPrimes('small', party === ATTACKER ? ATTACKER : 4 + Number(party === 3));
}

test('a modulus of an earlier session names the member that opened it twice', async () => {
  const seen = { 1: memorySeen(), 2: memorySeen(), 3: memorySeen() };
  madeBy(await runPrepare({ ...attempt(1).options, seen }));
  const { basis, options } = attempt(2);
  const run = await runPrepare({ ...options, seen, primes });
  expect(proved(basis, abortOf(run, 1))).toEqual(['node-2 REUSED_MODULUS']);
  const [before, now] = abortOf(run, 1).evidence;
  if (before === undefined || now === undefined) throw new Error('two openings');
  // Neither of them alone, nor one of them twice.
  for (const messages of [[now], [now, now], [before, before]]) {
    expect(named(evidenceOfMessages(basis, 'node-2', messages))).toBeUndefined();
  }
});

/** The messages that party 3 of an honest run gets. */
async function honestMessages(number = 1) {
  const { basis, options } = attempt(number);
  const said: Envelope[] = [];
  madeBy(
    await runPrepare({
      ...options,
      tamper: (_from, to, envelope) => {
        if (to === 3) said.push(envelope);
        return [envelope];
      },
    }),
  );
  const of = (from: PartyIndex, ...kinds: readonly string[]) =>
    kinds.flatMap((kind) =>
      said.filter(
        (each) => each.from === from && each.to === TO_ALL && each.kind === `prepare/${kind}`,
      ),
    );
  return { basis, of };
}

/** A complaint of the attacker's. */
function complaintOf(basis: AttemptBasis, ...items: readonly Uint8Array[]): Envelope {
  const [, signer] = signers;
  if (signer === undefined) throw new Error('there are three');
  const body = encode(Complaint, { shown: { $case: 'evidence', value: { items: [...items] } } });
  const hash = entryHash(basis.entry.previousHash, { ...basis.entry, kind: 'command' });
  const sessionId = fromHex(sessionIdOf(CLUSTER, hash)) ?? new Uint8Array(0);
  return signEnvelope(signer, sessionId, COMPLAINT_KIND, ATTACKER, TO_ALL, body);
}

test('honest messages prove nothing, and who accuses by them is the culprit (row 25)', async () => {
  const { basis, of } = await honestMessages();
  const pairs = [
    ['commit', 'open'],
    ['open', 'parameters'],
    ['open', 'prove'],
  ];
  for (const kinds of pairs) {
    const slander = evidenceOfMessages(basis, 'node-1', of(1, ...kinds));
    if (slander === undefined) throw new Error('evidence');
    expect(named(slander)).toBeUndefined();
    const turned = evidenceOfComplaint(basis, 'node-2', complaintOf(basis, slander));
    expect(named(turned)).toBe('node-2 FALSE_ACCUSATION');
    // It is the accuser's own complaint, and nobody else's.
    for (const node of ['node-1', 'node-3']) {
      const evidence = evidenceOfComplaint(basis, node, complaintOf(basis, slander));
      expect(named(evidence)).toBeUndefined();
    }
  }
});

test('a complaint that proves something, or claims what is not decided here, is no false accusation', async () => {
  const { basis, options } = attempt();
  const run = await runPrepare({
    ...options,
    ...wrongWords('open', (all) => ({ ...all, rid: flipped(all['rid']) })),
  });
  const abort = abortOf(run, 1);
  const right = evidenceOfMessages(basis, 'node-2', abort.evidence);
  if (right === undefined) throw new Error('evidence');
  const of = (...items: readonly Uint8Array[]) =>
    named(evidenceOfComplaint(basis, 'node-2', complaintOf(basis, ...items)));
  expect(named(right)).toBe('node-2 WRONG_MATERIAL');
  expect(of(right)).toBeUndefined();
  expect(of()).toBeUndefined();
  expect(of(new Uint8Array(9))).toBeUndefined();
  const read = decode(Evidence, right);
  if (read === undefined) throw new Error('evidence');
  const unknown = encode(Evidence, { ...read, nodeId: 'node-1', reason: 'WRONG_SOMETHING' });
  expect(of(unknown)).toBeUndefined();
  // Evidence about another session is read there.
  const elsewhere = encode(Evidence, { ...read, entry: read.entry && { ...read.entry, term: 9n } });
  expect(of(elsewhere)).toBeUndefined();
});

test('messages of others count where the fault asks for them, and only with their signatures', async () => {
  const { basis, options } = attempt();
  const [, , , , statement] = CASES;
  const run = await runPrepare({ ...options, ...statement?.[1] });
  const { evidence, beside } = abortOf(run, 1);
  const others = beside.get(ATTACKER) ?? [];
  expect(others).toHaveLength(1);
  expect(named(evidenceOfMessages(basis, 'node-2', evidence))).toBeUndefined();
  const forged = others.map((each) => resigned(signers[1], each, (body) => body));
  expect(named(evidenceOfMessages(basis, 'node-2', evidence, undefined, forged))).toBeUndefined();
});
