import { setImmediate } from 'node:timers/promises';
import { boundJobs } from '../../../src/algorithms/index.js';
import { equal, type PartyIndex } from '../../../src/common/index.js';
import {
  Gg20Tables,
  PREPARE_JOBS,
  prepareMaterial,
  prepareProtocol,
  type Gg20Context,
  type MaterialPrimes,
  type ParameterSet,
  type PreparedMaterial,
  type PrepareFacts,
  type PrepareRounds,
  type SeenModuli,
  type SeenModulus,
} from '../../../src/gg20/index.js';
import { inlineCompute } from '../../../src/machine/index.js';
import {
  bodyDigest,
  ProtocolAbort,
  signEnvelope,
  startSession,
  type Carried,
  type Echoed,
  type Heard,
  type Mine,
  type Party,
  type Session,
  type SignedMessage,
} from '../../../src/mpc/index.js';
import type { Compute, Job, Signer } from '../../../src/ports/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';
import { seededRandom, testSigner, testVerify, type Tamper } from './frost-exchange.js';
import { SET_2048, SET_3072, smallSet } from './gg20.js';
import { rememberedJobs } from './remembered-jobs.js';

export type PrepareParty = Party<Echoed<PrepareRounds>>;

/** The set of each group of test primes. */
export const PREPARE_SETS = { small: smallSet(), P2048: SET_2048, P3072: SET_3072 } as const;

/** The test-only set besides those of the tables. */
export const TEST_GG20: Gg20Context = { gg20: new Gg20Tables(Object.values(PREPARE_SETS)) };

const preparing = inlineCompute(rememberedJobs(boundJobs(PREPARE_JOBS, TEST_GG20)));

export const prepareCompute = (context: Gg20Context = TEST_GG20): Compute =>
  context === TEST_GG20 ? preparing : inlineCompute(boundJobs(PREPARE_JOBS, context));

/** A party's work in the hands of an attacker: each job's output as `alter` makes it. */
export function corruptCompute(
  alter: (name: string, output: unknown, input: unknown) => unknown,
  honest = prepareCompute(),
): Compute {
  return {
    idle: () => true,
    async run<I, O>(job: Job<I, O, never>, input: I): Promise<O> {
      const asked = structuredClone(input);
      return alter(job.name, await honest.run(job, input), asked) as O;
    },
  };
}

type AnyMine = Mine<Carried>;

/** A party whose own messages `alter` makes, round by round. */
export function corruptParty(
  party: PrepareParty,
  alter: (round: string, mine: AnyMine) => AnyMine,
): PrepareParty {
  return new Proxy(party, {
    get(target, name) {
      if (name === 'round') {
        return (round: string, mine: AnyMine): Promise<readonly Heard<Carried>[]> => {
          const say = target.round.bind(target) as (
            round: string,
            mine: AnyMine,
          ) => Promise<readonly Heard<Carried>[]>;
          return say(round, alter(round, mine));
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Moduli in memory. */
export function memorySeen(known: SeenModulus[] = []): SeenModuli & { known: SeenModulus[] } {
  return {
    known,
    find: (hashes) =>
      Promise.resolve(known.filter(({ hash }) => hashes.some((each) => equal(each, hash)))),
    add: (seen) => {
      known.push(...seen);
      return Promise.resolve();
    },
  };
}

export type PrepareOutcome =
  { readonly made: PreparedMaterial } | { readonly error: unknown } | 'waiting';

export type PrepareRunOptions = {
  readonly profile?: keyof typeof TEST_PRIMES;
  /** Another set than the profile's, which the work is to know. */
  readonly set?: ParameterSet;
  readonly facts?: Partial<PrepareFacts>;
  readonly count?: number;
  readonly sessionId?: Uint8Array;
  readonly generation?: number;
  /** Each member's index in the set. */
  readonly indices?: readonly PartyIndex[];
  readonly signers?: readonly Signer[];
  readonly primes?: (party: PartyIndex) => MaterialPrimes;
  readonly tamper?: Tamper;
  /** Where a member's random bytes come from; members with the same number have the same. */
  readonly seedOf?: (party: PartyIndex) => number;
  readonly seen?: Readonly<Record<PartyIndex, SeenModuli>>;
  readonly compute?: Compute;
  /** Attackers. */
  readonly corruptWork?: Readonly<Record<PartyIndex, Compute>>;
  readonly corruptWords?: Readonly<Record<PartyIndex, (round: string, mine: AnyMine) => AnyMine>>;
};

export type PrepareExchange = {
  readonly set: ParameterSet;
  readonly facts: PrepareFacts;
  readonly sessionId: Uint8Array;
  readonly signers: readonly Signer[];
  /** In order of party index. `waiting`: it would go on waiting until its deadline. */
  readonly outcomes: readonly PrepareOutcome[];
};

/** Runs `prepare` among parties in memory, until nothing moves any more. */
export async function runPrepare(options: PrepareRunOptions = {}): Promise<PrepareExchange> {
  const { profile = 'small', count = 3, generation = 1 } = options;
  const set = options.set ?? PREPARE_SETS[profile];
  const sessionId = options.sessionId ?? new Uint8Array(32).fill(7);
  const signers =
    options.signers ?? Array.from({ length: count }, (_, at) => testSigner(`node-${at + 1}`));
  const facts: PrepareFacts = {
    clusterId: 'test',
    setId: new Uint8Array(16).fill(3),
    generation,
    attempt: 1,
    members: signers.map((signer, at) => ({
      index: options.indices?.[at] ?? at + 1,
      nodeId: signer.node,
      identityKey: signer.publicKey,
    })),
    ...options.facts,
  };
  const queue: { from: PartyIndex; to: PartyIndex; envelope: Parameters<Tamper>[2] }[] = [];
  const tamper: Tamper = options.tamper ?? ((_from, _to, envelope) => [envelope]);
  const protocol = prepareProtocol(set, count);
  const sessions: Session<Echoed<PrepareRounds>>[] = signers.map((signer, at) =>
    startSession({
      protocol,
      groups: {},
      sessionId,
      index: at + 1,
      identityKeys: signers.map(({ publicKey }) => publicKey),
      signer,
      verify: testVerify,
      random: seededRandom(100 + at),
      send: (to, envelope) => {
        for (const each of tamper(at + 1, to, envelope))
          queue.push({ from: at + 1, to, envelope: each });
      },
    }),
  );
  const primesOf = options.primes ?? ((party: PartyIndex) => testPrimes(profile, party));
  const outcomes: PrepareOutcome[] = sessions.map(() => 'waiting');
  const runs = sessions.map(async ({ party }, at) => {
    const words = options.corruptWords?.[at + 1];
    try {
      const made = await prepareMaterial(words ? corruptParty(party, words) : party, {
        set,
        facts,
        primes: primesOf(at + 1),
        deviceSecret: new Uint8Array(32).fill(9),
        random: seededRandom(1000 + (options.seedOf?.(at + 1) ?? at)),
        compute: options.corruptWork?.[at + 1] ?? options.compute ?? prepareCompute(),
        seen: options.seen?.[at + 1] ?? memorySeen(),
      });
      outcomes[at] = { made };
    } catch (error) {
      if (outcomes[at] === 'waiting') outcomes[at] = { error };
    }
  });
  do {
    for (const { from, to, envelope } of queue.splice(0)) sessions[to - 1]?.receive(from, envelope);
    await setImmediate();
    await setImmediate();
  } while (queue.length > 0);

  const settled = [...outcomes];
  for (const session of sessions) session.close(new Error('the test is over'));
  await Promise.all(runs);
  return { set, facts, sessionId, signers, outcomes: settled };
}

export function testPrimes(profile: keyof typeof TEST_PRIMES, party: PartyIndex): MaterialPrimes {
  const primes = TEST_PRIMES[profile][party - 1];
  if (primes === undefined) throw new Error(`no test primes for party ${party}`);
  return primes;
}

/** What every party made, of a run in which nobody failed. */
export function madeBy({ outcomes }: PrepareExchange): readonly PreparedMaterial[] {
  return outcomes.map((outcome) => {
    if (outcome === 'waiting') throw new Error('a party still waits');
    if ('error' in outcome) throw outcome.error;
    return outcome.made;
  });
}

/** A message as a judge has it once its signature is verified. */
export function shownMessage({ kind, from, to, content }: Envelope): SignedMessage {
  if (content?.$case !== 'open') throw new Error('the message is open');
  const { body } = content.value;
  return { kind, from, to, digest: bodyDigest(body), body };
}

/** The abort that a party ended with. */
export function abortOf({ outcomes }: PrepareExchange, party: PartyIndex): ProtocolAbort {
  const outcome = outcomes[party - 1];
  if (outcome === undefined || outcome === 'waiting' || !('error' in outcome)) {
    throw new Error(`party ${party} has not failed`);
  }
  if (outcome.error instanceof ProtocolAbort) return outcome.error;
  throw outcome.error;
}

/** The same message with another body, signed by its sender again. */
export function resigned(
  signer: Signer | undefined,
  { sessionId, kind, from, to, content }: Envelope,
  alter: (body: Uint8Array) => Uint8Array,
): Envelope {
  if (signer === undefined || content?.$case !== 'open') throw new Error('the message is open');
  return signEnvelope(signer, sessionId, kind, from, to, alter(content.value.body.slice()));
}
