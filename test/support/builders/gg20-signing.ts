import { setImmediate } from 'node:timers/promises';
import type { PartyIndex } from '../../../src/common/index.js';
import { encodeBigEndian, randomScalar, SecretPolynomial } from '../../../src/crypto/index.js';
import { boundJobs } from '../../../src/algorithms/index.js';
import {
  beginSessionJob,
  encodeMaterial,
  GG20_SIGNING_JOBS,
  Gg20Tables,
  onlineProtocol,
  presign,
  publicSession,
  setName,
  signingProtocol,
  signInteractively,
  signOnline,
  type AskedSignature,
  type BegunSession,
  type OwnBytes,
  type ParameterSet,
  type OnlineRounds,
  type OnlineShare,
  type Presigned,
  type PresignRounds,
  type SessionBasis,
  type SharedSignature,
  type SigningParts,
} from '../../../src/gg20/index.js';
import { inlineCompute } from '../../../src/machine/index.js';
import {
  bodyDigest,
  signEnvelope,
  startSession,
  verifiedBody,
  type Party,
  type Protocol,
  type Rounds,
  type Session,
  type SignedMessage,
} from '../../../src/mpc/index.js';
import type { Compute, Job, Signer } from '../../../src/ports/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { seededRandom, testSigner, testVerify } from './frost-exchange.js';
import { testMaterial } from './gg20.js';
import { rememberedJobs } from './remembered-jobs.js';

export const SESSION_ID = new Uint8Array(32).fill(5);

/** A key of n participants, its signers, and their material: all that sessions need. */
export type SharedTestKey = {
  readonly set: ParameterSet;
  readonly tables: Gg20Tables;
  readonly compute: Compute;
  readonly basis: SessionBasis;
  readonly x: bigint;
  readonly own: ReadonlyMap<PartyIndex, OwnBytes>;
};

const identities = Array.from({ length: 7 }, (_, at) => testSigner(`node-${at + 1}`));

export function identityOf(index: PartyIndex): Signer {
  const signer = identities[index - 1];
  if (signer === undefined) throw new Error('there are seven');
  return signer;
}

/** @param count - Of participants; signers are `signers`, as many as the threshold. */
export function dealKey(
  set: ParameterSet,
  profile: 'small' | 'P2048' | 'P3072',
  signers: readonly PartyIndex[],
  count: number = Math.max(...signers),
  seed = 1,
): SharedTestKey {
  const random = seededRandom(seed);
  const { group } = set.curve;
  const coefficients = signers.map(() => randomScalar(group.order, random));
  using polynomial = new SecretPolynomial(group, coefficients);
  const tables = new Gg20Tables([set]);
  const L8 = set.widths.modulus;
  const numbers = (j: PartyIndex) => {
    const { key, trapdoor } = testMaterial(profile, j);
    const [N, Nh, s, t] = [key.N, trapdoor.Nh, trapdoor.s, trapdoor.t].map((each) =>
      encodeBigEndian(each, L8),
    );
    if (N === undefined || Nh === undefined || s === undefined || t === undefined)
      throw new Error('four numbers');
    return { index: j, N, Nh, s, t };
  };
  const basis: SessionBasis = {
    set: setName(set),
    clusterId: 'c'.repeat(32),
    sessionId: SESSION_ID,
    attempt: 1,
    keyId: 'key',
    version: 1,
    threshold: signers.length,
    members: identities.slice(0, count).map(({ node, publicKey }, at) => ({
      index: at + 1,
      nodeId: node,
      identityKey: publicKey,
    })),
    V: polynomial.commitment().map((point) => group.encode(point)),
    chainCode: random.bytes(32),
    setId: random.bytes(16),
    generation: 1,
    auxDigest: random.bytes(32),
    signers: signers.map(numbers),
  };
  const own = new Map(
    signers.map((j): [PartyIndex, OwnBytes] => [
      j,
      {
        material: encodeMaterial(set.profile, testMaterial(profile, j)),
        scalar: group.encodeScalar(polynomial.evaluate(j)),
      },
    ]),
  );
  const compute = inlineCompute(rememberedJobs(boundJobs(GG20_SIGNING_JOBS, { gg20: tables })));
  return { set, tables, compute, basis, x: polynomial.constant, own };
}

export const ASKED: AskedSignature = {
  form: 'message',
  hash: 1,
  digest: new Uint8Array(32).fill(0xa7),
  path: [],
};

export async function begin(key: SharedTestKey, asked?: AskedSignature): Promise<BegunSession> {
  const begun = await key.compute.run(beginSessionJob, { basis: key.basis, asked });
  if (begun === undefined) throw new Error('there is such a key');
  return begun;
}

/** A message on its way, by the signers' indices in the key. */
export type OnTheWay = {
  readonly from: PartyIndex;
  readonly to: PartyIndex;
  /** The round's name. */
  readonly round: string;
  readonly isBroadcast: boolean;
  readonly body: Uint8Array;
};

/** The body that comes instead, signed by its sender; nothing for one that does not come. */
export type BodyTamper = (message: OnTheWay) => Uint8Array | undefined;

export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Each field of a body, by the bytes that it takes: heads and items of T. */
export function fieldsOf(body: Uint8Array): readonly (readonly [from: number, to: number])[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const lengthAt = (at: number): number => Number(view.getBigUint64(at));
  let at = 8 + lengthAt(0);
  at += 8 + lengthAt(at);
  const count = view.getUint32(at);
  at += 4;
  return Array.from({ length: count }, () => {
    const start = at + 9;
    at = start + lengthAt(at + 1);
    return [start, at] as const;
  });
}

/** Attackers, and the network that they share with the others. */
export type Attack = {
  /** Changes what is on its way: each receiver may get something else. */
  readonly tamper?: BodyTamper;
  /** Changes what a signer says, before it signs it and hears it itself. */
  readonly lie?: (message: OnTheWay) => Uint8Array;
  /** Sees what is on its way, as it is delivered. */
  readonly sees?: (to: PartyIndex, envelope: Envelope) => void;
  /** Signers whose jobs give something else. */
  readonly work?: Readonly<Record<PartyIndex, Compute>>;
  readonly seed?: number;
  /** Whether the time for openings is over when nothing moves any more, before sessions are closed. */
  readonly overdue?: boolean;
};

/** A signer's session, and what it computes with. */
export type SignerParts<R extends Rounds> = Omit<SigningParts, 'party'> & {
  readonly index: PartyIndex;
  readonly party: Party<R>;
};

/** Runs `protocol` in every signer's session, until nothing moves; then closes those that wait. */
export async function runSessions<R extends Rounds, T>(
  key: SharedTestKey,
  { facts }: BegunSession,
  definition: Protocol<R>,
  protocol: (parts: SignerParts<R>) => Promise<T>,
  { tamper = ({ body }) => body, lie, sees, work = {}, seed = 1, overdue = false }: Attack = {},
): Promise<ReadonlyMap<PartyIndex, Outcome<T>>> {
  const { set, own, compute } = key;
  const indices = facts.signers.map(({ index }) => index);
  const late: (() => void)[] = [];
  const queue: { from: PartyIndex; to: PartyIndex; envelope: Envelope }[] = [];
  const identityKeys = indices.map((index) => identityOf(index).publicKey);
  const parties = new Map(indices.map((index, at) => [index, at + 1]));
  const signerOf = (party: PartyIndex): PartyIndex => indices[party - 1] ?? 0;
  const sessions = new Map<PartyIndex, Session<R>>();
  const outcomes = new Map<PartyIndex, Outcome<T>>();
  const running = indices.map(async (index) => {
    const session = startSession<R>({
      protocol: definition,
      groups: {},
      sessionId: key.basis.sessionId,
      index: parties.get(index) ?? 0,
      identityKeys,
      signer: identityOf(index),
      verify: testVerify,
      random: seededRandom(100 * seed + index),
      send: (to, envelope) => queue.push({ from: index, to: signerOf(to), envelope }),
    });
    sessions.set(index, session);
    const secrets = own.get(index);
    if (secrets === undefined) throw new Error('a signer');
    const party = lie === undefined ? session.party : lying(session.party, index, signerOf, lie);
    const ports = {
      compute: work[index] ?? compute,
      lane: 'signing' as const,
      random: seededRandom(1000 * seed + index),
      deviceSecret: new Uint8Array(32).fill(index),
      openingsOverdue: () => new Promise<void>((resolve) => late.push(resolve)),
    };
    try {
      const value = await protocol({ index, party, set, facts, own: secrets, ports });
      outcomes.set(index, { ok: true, value });
    } catch (error) {
      outcomes.set(index, { ok: false, error });
    }
  });
  for (let quiet = 0; quiet < 3;) {
    const batch = queue.splice(0);
    quiet = batch.length === 0 ? quiet + 1 : 0;
    for (const { from, to, envelope } of batch) {
      const altered = tampered(from, to, envelope, tamper);
      if (altered === undefined) continue;
      sees?.(to, altered);
      sessions.get(to)?.receive(parties.get(from) ?? 0, altered);
    }
    await setImmediate();
  }
  if (overdue) {
    for (const resolve of late) resolve();
    await setImmediate();
  }
  for (const session of sessions.values()) session.close(new Error('the time is over'));
  await Promise.all(running);
  return outcomes;
}

function tampered(
  from: PartyIndex,
  to: PartyIndex,
  envelope: Envelope,
  tamper: BodyTamper,
): Envelope | undefined {
  const { content, kind, sessionId } = envelope;
  if (content?.$case !== 'open') return envelope;
  const { body } = content.value;
  const round = kind.slice(kind.indexOf('/') + 1);
  const other = tamper({ from, to, round, isBroadcast: envelope.to === 0, body });
  if (other === undefined || other === body) return other && envelope;
  return signEnvelope(identityOf(from), sessionId, kind, envelope.from, envelope.to, other);
}

/** A party whose own messages `lie` makes. */
function lying<R extends Rounds>(
  party: Party<R>,
  from: PartyIndex,
  signerOf: (party: PartyIndex) => PartyIndex,
  lie: (message: OnTheWay) => Uint8Array,
): Party<R> {
  type Said = { readonly all?: unknown; readonly each?: (to: PartyIndex) => Uint8Array };
  const altered = (round: string, { all, each }: Said): Said => ({
    ...(all !== undefined && {
      // Echoes are objects: they are left as they are.
      all:
        all instanceof Uint8Array ? lie({ from, to: 0, round, isBroadcast: true, body: all }) : all,
    }),
    ...(each !== undefined && {
      each: (to) => lie({ from, to: signerOf(to), round, isBroadcast: false, body: each(to) }),
    }),
  });
  return new Proxy(party, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'round') return value.bind(target) as unknown;
      return (round: string, mine: Said): unknown =>
        value.call(target, round, altered(round, mine)) as unknown;
    },
  });
}

/** A signer's work in its own hands: each job's input as `alter` makes it. */
export function corruptWork(
  honest: Compute,
  alter: (name: string, input: Record<string, unknown>) => Record<string, unknown>,
): Compute {
  return {
    idle: () => true,
    run<I, O>(job: Job<I, O, never>, input: I): Promise<O> {
      return honest.run(job, alter(job.name, input as Record<string, unknown>) as I);
    },
  };
}

/** Signs interactively in every signer's session. */
export async function signAll(
  key: SharedTestKey,
  begun: BegunSession,
  attack?: Attack,
): Promise<ReadonlyMap<PartyIndex, Outcome<Uint8Array>>> {
  const { signed } = begun;
  if (signed === undefined) throw new Error('something is signed');
  const definition = signingProtocol('sign', key.set, key.basis.signers.length);
  const sign = (parts: SignerParts<PresignRounds>) => signInteractively({ ...parts, signed });
  return runSessions(key, begun, definition, sign, attack);
}

/** Makes a presignature in every signer's session. */
export async function presignSessions(
  key: SharedTestKey,
  attack?: Attack,
): Promise<ReadonlyMap<PartyIndex, Outcome<Presigned>>> {
  const definition = signingProtocol('presign', key.set, key.basis.signers.length);
  return runSessions(key, await begin(key), definition, presign, attack);
}

/** Signs with a presignature in every signer's session. */
export async function signOnlineAll(
  key: SharedTestKey,
  begun: BegunSession,
  presigned: ReadonlyMap<PartyIndex, Presigned>,
  attack?: Attack,
): Promise<ReadonlyMap<PartyIndex, Outcome<OnlineShare>>> {
  const { signed } = begun;
  if (signed === undefined) throw new Error('something is signed');
  const sign = ({ index, party, ports, set, facts }: SignerParts<OnlineRounds>) => {
    const own = presigned.get(index);
    if (own === undefined) throw new Error('a presignature');
    return signOnline({ party, set, facts, signed, presigned: own, ports });
  };
  return runSessions(key, begun, onlineProtocol, sign, attack);
}

/** Messages of evidence, whose signatures are verified here. */
export function verifiedMessages(
  { basis: { signers } }: SharedTestKey,
  envelopes: readonly Envelope[],
): readonly SignedMessage[] {
  return envelopes.flatMap((envelope) => {
    const { kind, from, to } = envelope;
    const key = identityOf(signers[from - 1]?.index ?? 0).publicKey;
    const body = verifiedBody(testVerify, key, envelope);
    return body === undefined ? [] : [{ kind, from, to, body, digest: bodyDigest(body) }];
  });
}

/** The signature that a session makes, for its combiner. */
export function sharedSignature(
  key: SharedTestKey,
  { facts, signed }: BegunSession,
  presigId?: Uint8Array,
): SharedSignature<unknown> {
  if (signed === undefined) throw new Error('something is signed');
  return {
    mode: presigId === undefined ? 'interactive' : 'online',
    presigId,
    session: publicSession(key.tables, facts),
    signed,
    sessionId: key.basis.sessionId,
    identityKeys: new Map(key.basis.members.map(({ index, identityKey }) => [index, identityKey])),
    verify: testVerify,
  };
}
