import { equal, toHex, type PartyIndex } from '../../common/index.js';
import { bodyDigest, TO_ALL, type SignedMessage } from '../../mpc/index.js';
import { decode, Echo } from '../../wire/index.js';
import { inverse, modulo } from '../../crypto/index.js';
import type { JudgedSession } from '../blame/judged.js';
import {
  presignBodies,
  type PresignBodies,
  type Round1,
  type Round2Each,
} from '../presign/messages.js';
import { presignSsid } from '../presign/round1.js';
import { of, type BySigner } from '../presign/session.js';
import { privateHash } from '../session-id.js';
import { answersHeardLayout, opening5Layout, opening7Layout } from '../blame/messages.js';
import type { Opening5, Opening7 } from '../blame/messages.js';
import type { Layout } from '../zk/layout.js';
import type { Bodies, PublicSession } from './facts.js';

/** A session and the signer that is accused in it, by its index among the key's participants. */
export type AccusedSigner<P> = {
  /** Of kinds of messages: `gg20-sign` or `gg20-presign`. */
  readonly protocol: 'gg20-sign' | 'gg20-presign';
  readonly session: PublicSession<P>;
  readonly accused: PartyIndex;
};

/** The layouts of every round's messages, by kind without the protocol's name. */
type RoundLayouts<P> = PresignBodies<P> & {
  readonly opening5: Layout<Opening5>;
  readonly opening7: Layout<Opening7<P>>;
  readonly answers: Layout<{ readonly answers: readonly Uint8Array[] }>;
};

/**
 * A session as the accused saw it. Nothing is believed but what the accused has signed: its messages, and by its own echoes the
 * digests of the others' broadcasts, of which the bodies are shown beside. Lists of hashes in those name private messages.
 */
export class JudgedViews<P> {
  readonly layouts: RoundLayouts<P>;
  readonly signer: AccusedSigner<P>;
  readonly #messages: readonly SignedMessage[];
  /** The bodies that are shown, by digest. */
  readonly #shown: ReadonlyMap<string, Uint8Array>;

  constructor(
    signer: AccusedSigner<P>,
    messages: readonly SignedMessage[],
    statement: readonly Uint8Array[],
  ) {
    const { set, signers } = signer.session;
    const count = signers.length;
    this.signer = signer;
    this.#messages = messages;
    this.layouts = {
      ...presignBodies(set, count),
      opening5: opening5Layout(set, count),
      opening7: opening7Layout(set, count),
      answers: answersHeardLayout(set, count),
    };
    const own = messages.flatMap(({ body }) => body ?? []);
    const heard = this.own('answers');
    const answers = (heard && this.layouts.answers.decode(heard)?.answers) ?? [];
    const shown = [...statement, ...own, ...answers];
    this.#shown = new Map(shown.map((body) => [toHex(bodyDigest(body)), body]));
  }

  /** The accused's own broadcast of a round. */
  own(round: string): Uint8Array | undefined {
    return this.#said(round, TO_ALL);
  }

  /** The accused's message of a round to each other signer to which it is shown. */
  each(round: string): BySigner<Uint8Array> {
    const { signers, accused } = this.#mine;
    return new Map(
      signers.flatMap((to, at): [PartyIndex, Uint8Array][] => {
        const body = to === accused ? undefined : this.#said(round, at + 1);
        return body === undefined ? [] : [[to, body]];
      }),
    );
  }

  /** Every signer's broadcast of a round, as the accused has signed that it heard them; nothing where some are not shown. */
  all<V>(round: string, layout: Layout<V>): BySigner<V> | undefined {
    const bodies = this.bodies(round);
    const values = [...(bodies ?? [])].flatMap(([signer, body]): [PartyIndex, V][] => {
      const value = layout.decode(body);
      return value === undefined ? [] : [[signer, value]];
    });
    return bodies !== undefined && values.length === bodies.size ? new Map(values) : undefined;
  }

  /** The same as bytes. */
  bodies(round: string): Bodies | undefined {
    const { signers } = this.#mine;
    const body = this.#said(`${round}-echo`, TO_ALL);
    const heard = (body && decode(Echo, body)?.heard) ?? [];
    const bodies = signers.flatMap((signer, at): [PartyIndex, Uint8Array][] => {
      const shown = this.#shown.get(toHex(heard[at]?.digest ?? new Uint8Array()));
      return shown === undefined ? [] : [[signer, shown]];
    });
    return bodies.length === signers.length ? new Map(bodies) : undefined;
  }

  /** Bob's answer to Alice, as the list of Bob's broadcast of sums names it. */
  answer(bob: PartyIndex, alice: PartyIndex): Uint8Array | undefined {
    const { signers } = this.#mine;
    const lists = this.all('sums', this.layouts.round3);
    const place = signers.filter((each) => each !== bob).indexOf(alice);
    const named = lists && of(lists, bob).hashes2[place];
    const { ssid0 } = this.signer.session;
    return [...this.#shown.values()].find(
      (body) =>
        named !== undefined &&
        body.length === this.layouts.round2Each.byteLength &&
        equal(named, privateHash(ssid0, 2, bob, alice, body)),
    );
  }

  /** Whether a message of the accused is of one of these rounds, and spells nothing of it. */
  isUnreadable(layouts: Readonly<Record<string, Layout<unknown>>>): boolean {
    const { protocol } = this.signer;
    const isBlankEcho = this.#messages.some(
      ({ kind, to, body }) =>
        body !== undefined &&
        to === TO_ALL &&
        kind.startsWith(`${protocol}/`) &&
        kind.endsWith('-echo') &&
        decode(Echo, body) === undefined,
    );
    if (isBlankEcho) return true;
    return Object.entries(layouts).some(([round, layout]) =>
      this.#messages.some(
        ({ kind, to, body }) =>
          body !== undefined &&
          `${kind}${to === TO_ALL ? '' : '/each'}` === `${protocol}/${round}` &&
          layout.decode(body) === undefined,
      ),
    );
  }

  get others(): readonly PartyIndex[] {
    const { session, accused } = this.signer;
    return session.signers.filter((each) => each !== accused);
  }

  /** The value of the accused's own broadcast. */
  read<V>(round: string, layout: Layout<V>): V | undefined {
    const body = this.own(round);
    return body && layout.decode(body);
  }

  round1(): BySigner<Round1> | undefined {
    return this.all('nonce', this.layouts.round1);
  }

  ssid(heard: BySigner<Round1>): Uint8Array {
    return presignSsid(this.signer.session, heard);
  }

  judged(heard: BySigner<Round1>): JudgedSession<P> {
    return { ...this.signer.session, ssid: this.ssid(heard) };
  }

  R(): P | undefined {
    const { group } = this.signer.session.set.curve;
    const sums = this.all('sums', this.layouts.round3);
    const shown = this.all('gamma', this.layouts.round4);
    if (sums === undefined || shown === undefined) return undefined;
    const delta = modulo(
      [...sums.values()].reduce((sum, each) => sum + each.delta, 0n),
      group.order,
    );
    const Gammas = [...shown.values()].map(({ Gamma }) => Gamma);
    const Gamma = Gammas.reduce((sum, each) => group.add(sum, each), group.identity);
    if (delta === 0n || group.isIdentity(Gamma)) return undefined;
    return group.multiplyPublic(Gamma, inverse(delta, group.order));
  }

  /** Answers between the accused and each other signer; nothing where some are not shown. */
  answersBy(
    answer: (other: PartyIndex) => Uint8Array | undefined,
  ): BySigner<Round2Each<P>> | undefined {
    const read = this.others.flatMap((other) => {
      const body = answer(other);
      const value = body && this.layouts.round2Each.decode(body);
      return value === undefined ? [] : [[other, value] as const];
    });
    return read.length === this.others.length ? new Map(read) : undefined;
  }

  get #mine() {
    return { signers: this.signer.session.signers, accused: this.signer.accused };
  }

  #said(round: string, to: PartyIndex): Uint8Array | undefined {
    const kind = `${this.signer.protocol}/${round}`;
    return this.#messages.find((each) => each.kind === kind && each.to === to)?.body;
  }
}
