import { assert, type PartyIndex } from '../common/index.js';
import { TO_ALL } from './envelope.js';

/** The bytes of what a message carries. Methods, so that codecs of different values fit one table. */
export interface Codec<V> {
  encode(value: V): Uint8Array;
  /** `undefined` for bytes that `encode` would not write. Never throws. */
  decode(body: Uint8Array): V | undefined;
}

/**
 * The values of one sender in a round: `all` is one value for every receiver, `each` a value for each receiver alone.
 */
export type Carried = { readonly all?: unknown; readonly each?: unknown };

/** The rounds of a protocol: names, and what each carries. */
export type Rounds = { readonly [name: string]: Carried };

/** How a round is carried. `G` names the groups of participants that a session tells apart. */
export type Round<C extends Carried, G extends string = never> = {
  /** The participants that send in this round; absent: all of them. */
  readonly senders?: G;
  /** The participants that receive; absent: all of them. */
  readonly receivers?: G;
  /** Messages to one receiver are signed and not sealed: they tell nothing that others may not know. Absent: they are sealed. */
  readonly isOpen?: true;
  /** The X25519 key that the broadcast announces, to seal private messages to its sender. One round has it, or none. */
  sealKey?(all: C['all']): Uint8Array;
} & { readonly [P in keyof C]: Codec<C[P]> };

/** How much a session holds for one sender; more than an honest one says counts as absent. */
export type Limits = {
  /** Larger bodies are not read. */
  readonly bodyBytesMax: number;
  /** Sealed messages that wait for their sender's key. An honest sender has one for each round with sealed messages. */
  readonly earlySealedMax: number;
};

/** A protocol as a session carries it: its rounds, and how much of them a participant has to hold. */
export type Protocol<R extends Rounds, G extends string = never> = {
  readonly name: string;
  readonly limits: Limits;
  readonly rounds: { readonly [N in keyof R & string]: Round<R[N], G> };
  /** The kind of each round's messages, on the wire and in evidence: `<protocol>/<round>`. */
  readonly kinds: { readonly [N in keyof R & string]: string };
};

/** The AES-GCM tag, and what `SignedBody` adds to a body: a signature, two tags, two lengths. */
const SEAL_BYTES_MAX = 128;

/** The longest seal of a body that is within the limits. */
export function sealedBytesMax({ bodyBytesMax }: Limits): number {
  return bodyBytesMax + SEAL_BYTES_MAX;
}

const NAME = /^[a-z][a-z0-9-]*$/;

/** Defines a protocol once, for the sessions that carry it and for the judges of its messages. */
export function protocol<R extends Rounds, G extends string = never>(
  definition: Omit<Protocol<R, G>, 'kinds'>,
): Protocol<R, G>;
export function protocol(definition: Omit<Protocol<Rounds, string>, 'kinds'>): unknown {
  const { name, limits, rounds } = definition;
  const all = Object.entries(rounds);
  const sealed = all.filter(([, { each, isOpen }]) => each !== undefined && isOpen !== true).length;
  const announced = all.filter(([, round]) => 'sealKey' in round).length;
  assert(
    [name, ...Object.keys(rounds)].every((each) => NAME.test(each)),
    `${name}: a name`,
  );
  assert(
    all.every((round) => round[1].all !== undefined || round[1].each !== undefined),
    `${name}: every round carries something`,
  );
  assert(
    all.every(([, { each, isOpen }]) => isOpen !== true || each !== undefined),
    `${name}: what may be open is for each receiver`,
  );
  assert(announced <= 1, `${name}: a participant has one key to seal to`);
  assert(sealed === 0 || announced === 1, `${name}: messages are sealed to a key`);
  assert(sealed <= limits.earlySealedMax, `${name}: an honest sender's messages can wait`);
  const kinds = Object.fromEntries(all.map(([round]) => [round, `${name}/${round}`]));
  return { ...definition, kinds };
}

/** How the bodies of a kind for this receiver are spelt, or nothing if it is no kind of the protocol. */
export function codecOf<R extends Rounds, G extends string>(
  protocol: Protocol<R, G>,
  kind: string,
  to: PartyIndex,
): Codec<unknown> | undefined;
export function codecOf(
  { kinds, rounds }: Protocol<Rounds, string>,
  kind: string,
  to: PartyIndex,
): Codec<unknown> | undefined {
  const name = Object.keys(kinds).find((each) => kinds[each] === kind);
  const { all, each } = (name === undefined ? undefined : rounds[name]) ?? {};
  return to === TO_ALL ? (all ?? each) : (each ?? all);
}
