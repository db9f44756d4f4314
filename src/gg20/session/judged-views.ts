import { equal, toHex, type PartyIndex } from '../../common/index.js';
import { bodyDigest, TO_ALL, type SignedMessage } from '../../mpc/index.js';
import { decode, Echo } from '../../wire/index.js';
import { inverse, modulo } from '../../crypto/index.js';
import type { JudgedSession } from '../blame/judged.js';
import { presignBodies, type PresignBodies, type Round1 } from '../presign/messages.js';
import { presignSsid } from '../presign/round1.js';
import { of, type BySigner } from '../presign/session.js';
import { privateHash } from '../session-id.js';
import { othersThan } from '../blame/judged.js';
import { answersHeardLayout, maskLayout, productLayout } from '../blame/messages.js';
import type { AnswersHeard, Opening5, Opening7 } from '../blame/messages.js';
import {
  entryHash,
  head5Layout,
  head7Layout,
  join5,
  join7,
  masksLayout,
  productsLayout,
} from '../blame/split-openings.js';
import { answerPartLayout, listedPart, type AnswerPart } from '../presign/answer-form.js';
import { ANSWER_ROUND } from '../presign/private-hashes.js';
import { numberLayout, type Layout } from '../zk/layout.js';
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
  readonly opening5: ReturnType<typeof head5Layout>;
  readonly opening7: ReturnType<typeof head7Layout<P>>;
  readonly masks: ReturnType<typeof masksLayout>;
  readonly products: ReturnType<typeof productsLayout>;
  readonly answers: Layout<AnswersHeard>;
};

/** The part of evidence that a check has taken. */
export type UsedEvidence = {
  readonly messages: readonly SignedMessage[];
  readonly named: readonly Uint8Array[];
};

type ShownPart = {
  readonly bytes: Uint8Array;
  readonly part: AnswerPart;
  readonly listed: Uint8Array;
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
  /** Those of them that the accused has not said itself, too. */
  readonly #statement: ReadonlyMap<string, Uint8Array>;
  readonly #used = new Set<string>();
  readonly #taken = new Set<SignedMessage>();
  #answerParts: readonly ShownPart[] | undefined;

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
      opening5: head5Layout(set, count),
      opening7: head7Layout(set, count),
      masks: masksLayout(set, count),
      products: productsLayout(set, count),
      answers: answersHeardLayout(set, count),
    };
    const own = messages.flatMap(({ body }) => body ?? []);
    const shown = [...statement, ...own];
    this.#shown = new Map(shown.map((body) => [toHex(bodyDigest(body)), body]));
    this.#statement = new Map(statement.map((body) => [toHex(bodyDigest(body)), body]));
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
        const body = to === accused ? undefined : this.#find(round, at + 1)?.body;
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
      if (shown !== undefined) this.#use(shown);
      return shown === undefined ? [] : [[signer, shown]];
    });
    return bodies.length === signers.length ? new Map(bodies) : undefined;
  }

  /** One ciphertext of Bob's answer to Alice, as the list of Bob's broadcast of sums names it. */
  ciphertext(bob: PartyIndex, alice: PartyIndex, which: 'c' | 'ch'): bigint | undefined {
    const { session } = this.signer;
    const lists = this.all('sums', this.layouts.round3);
    const named = lists && of(lists, bob).hashes2[othersThan(session.signers, bob).indexOf(alice)];
    const found = this.#parts().find(({ part, listed }) => {
      if (named === undefined || part.of !== which) return false;
      return equal(named, privateHash(session.ssid0, ANSWER_ROUND, bob, alice, listed));
    });
    if (found === undefined) return undefined;
    this.#use(found.bytes);
    return numberLayout(session.set.widths.square).decode(found.part.value);
  }

  /** Ciphertexts between the accused and each other signer; nothing where some are not shown. */
  ciphertexts(
    which: 'c' | 'ch',
    place: (other: PartyIndex) => readonly [bob: PartyIndex, alice: PartyIndex],
  ): BySigner<bigint> | undefined {
    const read = this.others.flatMap((other) => {
      const value = this.ciphertext(...place(other), which);
      return value === undefined ? [] : [[other, value] as const];
    });
    return read.length === this.others.length ? new Map(read) : undefined;
  }

  /** The accused's own opening, whose entries it has said too; of type 5 or 7. */
  opening5(): Opening5 | undefined {
    const [head, said] = [this.own('opening-5'), this.read('masks', this.layouts.masks)];
    const { session, accused } = this.signer;
    return head && said && join5(session, accused, head, said.entries);
  }

  opening7(): Opening7<P> | undefined {
    const [head, said] = [this.own('opening-7'), this.read('products', this.layouts.products)];
    const { session, accused } = this.signer;
    return head && said && join7(session, accused, head, said.entries);
  }

  /** Whether the accused has said entries that its own opening does not name. */
  hasOtherEntries(): boolean {
    const [head5, masks] = [this.own('opening-5'), this.own('masks')];
    const [head7, products] = [this.own('opening-7'), this.own('products')];
    return (
      (head5 !== undefined && masks !== undefined && this.opening5() === undefined) ||
      (head7 !== undefined && products !== undefined && this.opening7() === undefined)
    );
  }

  /** The openings of all, those of the others with the one entry that concerns the accused. */
  openings5(own: Opening5): BySigner<Opening5> | undefined {
    const heads = this.bodies('opening-5');
    const { session } = this.signer;
    const hashes = this.all('opening-5', this.layouts.opening5);
    return this.#openings(own, heads, (i, head) => {
      const named = hashes && of(hashes, i).masks;
      const entries = this.#entriesFor(i, named, maskLayout(session.set).byteLength);
      return entries && join5(session, i, head, entries);
    });
  }

  openings7(own: Opening7<P>): BySigner<Opening7<P>> | undefined {
    const heads = this.bodies('opening-7');
    const { session } = this.signer;
    const hashes = this.all('opening-7', this.layouts.opening7);
    return this.#openings(own, heads, (i, head) => {
      const named = hashes && of(hashes, i).products;
      const entries = this.#entriesFor(i, named, productLayout(session.set).byteLength);
      return entries && join7(session, i, head, entries);
    });
  }

  /** Takes the first message of the accused that is of one of these rounds and spells nothing of it. @returns Whether there is one. */
  isUnreadable(layouts: Readonly<Record<string, Layout<unknown>>>): boolean {
    const { protocol } = this.signer;
    const isBlankEcho = ({ kind, to, body = new Uint8Array(0) }: SignedMessage): boolean =>
      to === TO_ALL &&
      kind.startsWith(`${protocol}/`) &&
      kind.endsWith('-echo') &&
      decode(Echo, body) === undefined;
    const spellsNothing = ({ kind, to, body = new Uint8Array(0) }: SignedMessage): boolean => {
      const name = `${kind}${to === TO_ALL ? '' : '/each'}`.slice(protocol.length + 1);
      const layout = kind.startsWith(`${protocol}/`) && Object.hasOwn(layouts, name);
      return layout && layouts[name]?.decode(body) === undefined;
    };
    const found = this.#messages.find(
      (each) => each.body !== undefined && (isBlankEcho(each) || spellsNothing(each)),
    );
    if (found !== undefined) this.#taken.add(found);
    return found !== undefined;
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

  /** The messages of the accused, and bodies of others, that the checks have taken since {@link forget}. */
  get used(): UsedEvidence {
    const named = [...this.#used].flatMap((name) => this.#statement.get(name) ?? []);
    return { messages: [...this.#taken], named };
  }

  /** Begins another check. */
  forget(): void {
    this.#used.clear();
    this.#taken.clear();
  }

  /** Notes that a message to one signer fails the check. */
  takeEach(round: string, to: PartyIndex): void {
    this.#said(round, this.#mine.signers.indexOf(to) + 1);
  }

  /** Entries of i's opening, of which the one that concerns the accused alone is shown. */
  #entriesFor(
    i: PartyIndex,
    named: readonly Uint8Array[] | undefined,
    bytes: number,
  ): readonly (Uint8Array | undefined)[] | undefined {
    const { session, accused } = this.signer;
    const at = othersThan(session.signers, i).indexOf(accused);
    const hash = named?.[at];
    const entry = [...this.#shown.values()].find(
      (each) =>
        hash !== undefined &&
        each.length === bytes &&
        equal(hash, entryHash(session, i, accused, each)),
    );
    if (entry === undefined) return undefined;
    this.#use(entry);
    return othersThan(session.signers, i).map((_, place) => (place === at ? entry : undefined));
  }

  #openings<V>(
    own: V,
    heads: Bodies | undefined,
    join: (i: PartyIndex, head: Uint8Array) => V | undefined,
  ): BySigner<V> | undefined {
    if (heads === undefined) return undefined;
    const read = [...heads].flatMap(([i, head]): [PartyIndex, V][] => {
      const opening = i === this.signer.accused ? own : join(i, head);
      return opening === undefined ? [] : [[i, opening]];
    });
    return read.length === heads.size ? new Map(read) : undefined;
  }

  /** The parts of answers that are shown. */
  #parts(): readonly ShownPart[] {
    const layout = answerPartLayout(this.signer.session.set);
    return (this.#answerParts ??= [...this.#shown.values()].flatMap((bytes) => {
      const part = bytes.length === layout.byteLength ? layout.decode(bytes) : undefined;
      return part === undefined ? [] : [{ bytes, part, listed: listedPart(part) }];
    }));
  }

  #use(body: Uint8Array): void {
    this.#used.add(toHex(bodyDigest(body)));
  }

  get #mine() {
    return { signers: this.signer.session.signers, accused: this.signer.accused };
  }

  #said(round: string, to: PartyIndex): Uint8Array | undefined {
    const message = this.#find(round, to);
    if (message !== undefined) this.#taken.add(message);
    return message?.body;
  }

  #find(round: string, to: PartyIndex): SignedMessage | undefined {
    const kind = `${this.signer.protocol}/${round}`;
    return this.#messages.find((each) => each.kind === kind && each.to === to);
  }
}
