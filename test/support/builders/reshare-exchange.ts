import type { PartyIndex } from '../../../src/common/index.js';
import { algorithmJobs } from '../../../src/algorithms/index.js';
import { lagrangeAtZero, modulo, xof } from '../../../src/crypto/index.js';
import { inlineCompute } from '../../../src/machine/index.js';
import type { Party, Session } from '../../../src/mpc/index.js';
import type { Signer, Verify } from '../../../src/ports/index.js';
import {
  reshare,
  reshareGroups,
  reshareParties,
  resharing,
  type KeyShare,
  type NewSharing,
  type ReshareFacts,
  type ReshareGroup,
  type ReshareRounds,
  type SharingGroup,
} from '../../../src/sharing/index.js';
import { u64Item } from '../../../src/wire/index.js';
import { seededRandom, testSigner, testVerify } from './frost-exchange.js';
import { GG20, SCHEMES, VERIFIERS } from './schemes.js';
import { runSessions, type Ended, type Tamper } from './session-exchange.js';

/** One sharing of a key, whose holders are nodes with ids: in order of index, which is that of the ids. */
export type HeldSharing = {
  readonly version: number;
  readonly sessionId: Uint8Array;
  readonly V: readonly Uint8Array[];
  readonly holders: readonly string[];
  readonly shares: readonly KeyShare[];
};

/** Shares of a random secret that one hand knows, held by these nodes. */
export function dealtSharing<P>(
  { group }: SharingGroup<P>,
  threshold: number,
  holders: readonly string[],
  seed = 1,
): HeldSharing {
  const random = seededRandom(seed);
  const coefficients = Array.from({ length: threshold }, () => {
    return modulo(BigInt(`0x${Buffer.from(random.bytes(40)).toString('hex')}`), group.order);
  });
  const at = (x: bigint) =>
    coefficients.reduceRight((sum, each) => modulo(sum * x + each, group.order), 0n);
  return {
    version: 1,
    sessionId: xof('test session', [u64Item(seed)], 32),
    V: coefficients.map((each) => group.encode(group.multiplyBase(each))),
    holders,
    shares: holders.map((_, place) => ({
      index: place + 1,
      scalar: group.encodeScalar(at(BigInt(place + 1))),
    })),
  };
}

export type ReshareOptions<P = unknown> = {
  readonly sharing: SharingGroup<P>;
  readonly base: HeldSharing;
  /** Node ids of dealers; the first t holders where absent. */
  readonly dealers?: readonly string[];
  readonly receivers: readonly string[];
  readonly threshold: number;
  readonly seed?: number;
  readonly sessionId?: Uint8Array;
  readonly signers?: readonly Signer[];
  readonly verify?: Verify;
  readonly auxDigest?: Uint8Array;
  readonly tamper?: Tamper;
  readonly rounds?: number;
  readonly corrupt?: Readonly<
    Record<PartyIndex, (party: Party<ReshareRounds>) => Party<ReshareRounds>>
  >;
  /** What a party believes of the attempt, where it is not what all do. */
  readonly believe?: (index: PartyIndex, facts: ReshareFacts) => ReshareFacts;
  /** The base share of each holder, where it is not the one that it has. */
  readonly shareOf?: (nodeId: string, share: KeyShare) => KeyShare;
};

export type Reshare = {
  readonly facts: ReshareFacts;
  readonly sessionId: Uint8Array;
  readonly signers: readonly Signer[];
  readonly sessions: readonly Session<ReshareRounds>[];
  readonly outcomes: readonly Ended<NewSharing | undefined>[];
};

/** The facts of a reshare, as the entry and the record would fix them. Lists of nodes are sorted by id. */
export function reshareFacts({
  base,
  dealers = base.holders.slice(0, base.V.length),
  receivers,
  threshold,
  auxDigest,
}: Pick<
  ReshareOptions,
  'base' | 'dealers' | 'receivers' | 'threshold' | 'auxDigest'
>): ReshareFacts {
  const nodes = [...new Set([...dealers, ...receivers])].toSorted();
  const parties = reshareParties(nodes, dealers, base.holders, receivers.toSorted());
  const { version, sessionId, V } = base;
  return {
    keyId: 'key',
    requestHash: new Uint8Array(32).fill(7),
    base: { version, sessionId, V },
    threshold,
    parties,
    auxDigest,
  };
}

/** Runs a reshare among its parties in memory, until nothing moves any more. */
export async function runReshare<P>(options: ReshareOptions<P>): Promise<Reshare> {
  const { sharing, base, seed = 1, believe = (_, right) => right } = options;
  const { shareOf = (_, share) => share } = options;
  const facts = reshareFacts(options);
  const sessionId = options.sessionId ?? xof('test reshare', [u64Item(seed)], 32);
  const signers = options.signers ?? facts.parties.map(({ nodeId }) => testSigner(nodeId));
  const { algorithm } = sharing;
  const schemes = { ...SCHEMES, [algorithm]: { ...SCHEMES[algorithm], sharing } };
  const compute = inlineCompute(algorithmJobs({ schemes, verifiers: VERIFIERS, gg20: GG20 }));
  const run = await runSessions<ReshareRounds, ReshareGroup, NewSharing | undefined>({
    protocol: resharing,
    groups: reshareGroups(facts),
    sessionId,
    signers,
    verify: options.verify ?? testVerify,
    random: (index) => seededRandom(seed * 100 + index),
    tamper: options.tamper,
    rounds: options.rounds,
    corrupt: options.corrupt,
    run: (party) => {
      const { nodeId, dealer } = facts.parties[party.index - 1] ?? { nodeId: '', dealer: 0 };
      const held = base.shares.find(({ index }) => index === dealer);
      const share = held && shareOf(nodeId, { ...held, scalar: held.scalar.slice() });
      const random = seededRandom(seed * 1000 + party.index);
      return reshare(sharing, party, believe(party.index, facts), share, random, compute);
    },
  });
  return { facts, sessionId, signers, ...run };
}

/** The new sharing of a run in which nobody failed, and all receivers agree. */
export function newSharing({ facts, sessionId, outcomes }: Reshare): HeldSharing {
  const made = outcomes.map((outcome) => {
    if (outcome === 'waiting') throw new Error('a party still waits');
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  });
  const parts = made.flatMap((each) => each ?? []);
  const [first] = parts;
  if (first === undefined) throw new Error('there is a receiver');
  const receivers = facts.parties.filter(({ receiver }) => receiver !== 0);
  const agree = parts.every(
    ({ V, digest }) => String(V) === String(first.V) && String(digest) === String(first.digest),
  );
  if (!agree || parts.length !== receivers.length) throw new Error('the receivers do not agree');
  return {
    version: facts.base.version + 1,
    sessionId,
    V: first.V,
    holders: receivers.map(({ nodeId }) => nodeId),
    shares: parts.map(({ share }) => share),
  };
}

/** f(0)·G from shares, encoded: the point of the secret that nobody has. */
export function pointOf<P>({ group }: SharingGroup<P>, shares: readonly KeyShare[]): Uint8Array {
  const indices = shares.map(({ index }) => index);
  const secret = shares.reduce((sum, { index, scalar }) => {
    const value = group.decodeScalar(scalar) ?? 0n;
    return modulo(sum + lagrangeAtZero(group.order, indices, index) * value, group.order);
  }, 0n);
  return group.encode(group.multiplyBase(secret));
}
