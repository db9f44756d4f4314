import { assert, Bug, type PartyIndex } from '../../common/index.js';
import { wipe } from '../../crypto/index.js';
import type { Job, Random } from '../../ports/index.js';
import { presignBodies, type PresignBodies } from '../presign/messages.js';
import {
  failed,
  type PresignFailure,
  type PresignResult,
  type SignerSession,
} from '../presign/session.js';
import { ExpandedRandom, SEED_BYTES } from '../round-random.js';
import type { Gg20Context } from '../tables.js';
import type { Layout } from '../zk/layout.js';
import {
  publicSession,
  withoutSecrets,
  withSecrets,
  type Bodies,
  type SigningFacts,
} from './facts.js';
import { secretLayouts, type SecretLayouts } from './secret-bytes.js';

/** Secret arrays that a job takes, each in a buffer of its own. */
type Secrets = Readonly<Record<string, Uint8Array | readonly Uint8Array[]>>;

/** The common part of every job's input. */
export type SessionInput<S extends Secrets = Secrets> = {
  readonly facts: SigningFacts;
  /** This signer. */
  readonly index: PartyIndex;
  /** Taken, and wiped. */
  readonly secret: S;
};

/** The output of a job: bodies and public values, and secrets, which are given away. */
export type Made = { readonly secret?: Secrets; readonly [part: string]: unknown };

/** Names and layouts of a session, and the randomness of the job. */
export type AtWork = {
  readonly session: SignerSession<unknown>;
  readonly bodies: PresignBodies<unknown>;
  readonly secrets: SecretLayouts<unknown>;
  readonly random: Random;
};

/**
 * A job of one session: plain data in, plain data out. A signer's body that cannot be read is that signer's fault, as a check that
 * fails is.
 */
export function sessionJob<I extends SessionInput, T extends Made>(
  name: string,
  compute: (at: AtWork, input: I) => PresignResult<T>,
): Job<I, PresignResult<T>, Gg20Context> {
  return {
    name: `gg20/${name}`,
    lane: 'generation',
    takes: ({ secret }) => arraysOf(secret),
    gives: (output) => (output.ok ? arraysOf(output.value.secret ?? {}) : []),
    compute(input, { gg20 }) {
      const { facts, index, secret } = input;
      const { seed, material, scalar } = secret;
      try {
        const open = publicSession(gg20, facts);
        assert(!isArray(seed) || seed.length === SEED_BYTES, 'a seed has its length');
        const random = isArray(seed) ? new ExpandedRandom(seed) : NO_RANDOM;
        const session =
          isArray(material) && isArray(scalar) && isArray(seed)
            ? withSecrets(gg20, open, index, { material, scalar }, seed)
            : withoutSecrets(open, index);
        const bodies = presignBodies(session.set, session.signers.length);
        const secrets = secretLayouts(session.set);
        return compute({ session, bodies, secrets, random }, input);
      } catch (error) {
        if (error instanceof Unreadable) return failed(error.failure);
        throw error;
      } finally {
        wipe(...arraysOf(secret));
      }
    },
  };
}

/** Wipes the secrets of a result that is not used. */
export function wipeMade({ secret = {} }: Made): void {
  wipe(...arraysOf(secret));
}

function arraysOf(secrets: Secrets): readonly Uint8Array[] {
  return Object.values(secrets).flat();
}

function isArray(value: Secrets[string] | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** Of a job without a seed. */
const NO_RANDOM: Random = {
  bytes(): never {
    throw new Bug('this job draws nothing');
  },
};

class Unreadable extends Error {
  readonly failure: PresignFailure;

  constructor(culprit: PartyIndex) {
    super('a body cannot be read');
    this.failure = { kind: 'faults', faults: [{ culprit, check: UNREADABLE }] };
  }
}

/** The check that a body fails which is no body of its kind. */
export const UNREADABLE = 'the message is read';

/** A signer's body. */
export function read<V>(layout: Layout<V>, from: PartyIndex, body: Uint8Array | undefined): V {
  const value = body && layout.decode(body);
  if (value === undefined) throw new Unreadable(from);
  return value;
}

/** The bodies of all senders. */
export function readAll<V>(layout: Layout<V>, bodies: Bodies): ReadonlyMap<PartyIndex, V> {
  return new Map([...bodies].map(([from, body]) => [from, read(layout, from, body)]));
}

/** This node's own secret bytes. */
export function own<V>(layout: Layout<V>, bytes: Uint8Array): V {
  const value = layout.decode(bytes);
  assert(value !== undefined, 'own secrets are read');
  return value;
}
