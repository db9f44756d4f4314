import { assert, type PartyIndex } from '../../common/index.js';
import { sha256, wipe } from '../../crypto/index.js';
import { reliable, type Party, type Reliable } from '../../mpc/index.js';
import type { Compute, Job, Lane, Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { othersOf } from '../presign/session.js';
import { RoundRandom, SEED_BYTES } from '../round-random.js';
import { echoOf } from '../session-id.js';
import { signersOf, type Bodies, type OwnBytes, type SigningFacts } from './facts.js';
import type { OwnSecret } from './nonce-jobs.js';
import type { ComparedRounds, PresignRounds } from './protocol.js';

/** The ports that a session computes and draws with. */
export type SigningPorts = {
  readonly compute: Compute;
  /** Of its jobs. */
  readonly lane: Lane;
  readonly random: Random;
  /** A secret of this node that no random source has made now, so that a weak one is no loss. The caller keeps it. */
  readonly deviceSecret: Uint8Array;
  /** Begins the time that signers have to open a failed presignature, and resolves when it is over. Absent: they have all time. */
  readonly openingsOverdue?: () => Promise<void>;
};

export type SigningParts = {
  readonly party: Party<PresignRounds>;
  readonly set: ParameterSet;
  readonly facts: SigningFacts;
  /** The caller keeps and wipes them. */
  readonly own: OwnBytes;
  readonly ports: SigningPorts;
};

/** A round's bodies by sender: every signer's broadcast, and what came to this one alone from the others. */
export type HeardBodies = { readonly all: Bodies; readonly each: Bodies };

type Said = { readonly from: PartyIndex; readonly all?: Uint8Array; readonly each?: Uint8Array };

type BroadcastRound = Exclude<keyof ComparedRounds, 'nonce' | 'rb' | 'answer'>;

/** One signer's session as its protocol goes on: the rounds, their randomness, and the secrets that end with it. */
export class SigningRun {
  readonly parts: SigningParts;
  readonly party: Reliable<ComparedRounds>;
  readonly index: PartyIndex;
  readonly signers: readonly PartyIndex[];
  /** Ascending. */
  readonly others: readonly PartyIndex[];
  readonly #kept: Uint8Array[] = [];
  readonly #over: (keyof ComparedRounds)[] = [];
  #heard: Uint8Array = sha256();

  constructor(parts: SigningParts) {
    const { party, facts } = parts;
    this.parts = parts;
    this.party = reliable<ComparedRounds>(party);
    this.signers = signersOf(facts);
    assert(party.count === this.signers.length, 'a session has a party for each signer');
    this.index = this.signerOf(party.index);
    this.others = othersOf({ signers: this.signers, index: this.index });
  }

  /** The index among the key's participants of a party of this session, which are counted from 1. */
  signerOf(party: PartyIndex): PartyIndex {
    return signerAt(this.signers, party);
  }

  partyOf(signer: PartyIndex): PartyIndex {
    return this.signers.indexOf(signer) + 1;
  }

  /** The rounds that are over, in order. */
  get over(): readonly (keyof ComparedRounds)[] {
    return this.#over;
  }

  /** Says a broadcast, and takes those of all. */
  async broadcast(name: BroadcastRound, all: Uint8Array): Promise<HeardBodies> {
    return this.#took(name, await this.party.round(name, { all }));
  }

  /** Says a broadcast and what is for each other signer alone, and takes those of all. */
  async broadcastWithEach(
    name: 'nonce' | 'rb',
    all: Uint8Array,
    each: Bodies,
  ): Promise<HeardBodies> {
    return this.#took(name, await this.party.round(name, { all, each: this.#toEach(each) }));
  }

  /** Says what is for each other signer alone, and takes what is for this one. */
  async sendEach(name: 'answer', each: Bodies): Promise<HeardBodies> {
    return this.#took(name, await this.party.round(name, { each: this.#toEach(each) }));
  }

  /** The echo of a round. */
  echo(round: number, { all }: HeardBodies): Uint8Array {
    return echoOf(this.parts.facts.ssid0, round, all);
  }

  /** The randomness of a round, a seed for each of its jobs. Drawn once a round. */
  seeds(round: number, count: number): readonly Uint8Array[] {
    const { random, deviceSecret } = this.parts.ports;
    const { ssid0 } = this.parts.facts;
    using source = new RoundRandom(random, { deviceSecret, ssid0, round, heard: this.#heard });
    return Array.from({ length: count }, () => source.bytes(SEED_BYTES));
  }

  /** Copies of the long-lived secrets for one job, which wipes them. */
  own(seed: Uint8Array | undefined): OwnSecret {
    assert(seed !== undefined, 'a job has a seed');
    const { material, scalar } = this.parts.own;
    return { material: copyOf(material), scalar: copyOf(scalar), seed };
  }

  compute<I, O>(job: Job<I, O, never>, input: NoInfer<I>): Promise<O> {
    const { compute, lane } = this.parts.ports;
    return compute.run({ ...job, lane }, input);
  }

  /** Keeps secret bytes until the session's end. */
  keep(secret: Uint8Array): Uint8Array {
    this.#kept.push(secret);
    return secret;
  }

  [Symbol.dispose](): void {
    wipe(...this.#kept);
  }

  /** A signer says nothing to itself, in as many bytes. */
  #toEach(bodies: Bodies): (to: PartyIndex) => Uint8Array {
    const [some] = bodies.values();
    return (to) => bodies.get(this.signerOf(to)) ?? new Uint8Array(some?.length ?? 0);
  }

  #took(name: keyof ComparedRounds, heard: readonly Said[]): HeardBodies {
    const bodies = (way: 'all' | 'each', senders: readonly PartyIndex[]): Bodies =>
      new Map(
        heard.flatMap((one): [PartyIndex, Uint8Array][] => {
          const [body, from] = [one[way], this.signerOf(one.from)];
          return body !== undefined && senders.includes(from) ? [[from, body]] : [];
        }),
      );
    const taken = { all: bodies('all', this.signers), each: bodies('each', this.others) };
    this.#heard = sha256(this.#heard, ...taken.all.values(), ...taken.each.values());
    this.#over.push(name);
    return taken;
  }
}

/** A secret's copy, in a buffer of its own, that can be given away. */
export function copyOf(secret: Uint8Array): Uint8Array {
  return Uint8Array.from(secret);
}

/** The signer that is a party of its session: parties are S in order, counted from 1. */
export function signerAt(signers: readonly PartyIndex[], party: PartyIndex): PartyIndex {
  const signer = signers[party - 1];
  assert(signer !== undefined, 'a party is a signer');
  return signer;
}
