import type { PartyIndex } from '../common/index.js';
import { equal } from '../common/index.js';
import { decode, Echo, encode, type SignedDigest } from '../wire/index.js';
import { ProtocolAbort } from './abort.js';
import { bodyDigest } from './envelope.js';
import type { Heard, Mine, Party } from './party.js';
import type { Carried, Codec, Protocol, Rounds } from './protocol.js';

/** The rounds of a protocol, and behind each that has a broadcast a round of echoes. */
export type Echoed<R extends Rounds> = R & {
  readonly [
    N in keyof R & string as R[N] extends { readonly all: unknown } ? `${N}-echo` : never
  ]: { readonly all: Echo };
};

const echo: Codec<Echo> = {
  encode: (value) => encode(Echo, value),
  decode: (body) => decode(Echo, body),
};

/** Adds the rounds of echoes to a protocol's definition: the receivers of a broadcast tell each other what came. */
export function echoed<R extends Rounds, G extends string = never>(
  rounds: Protocol<R, G>['rounds'],
): Protocol<Echoed<R>, G>['rounds'];
export function echoed(rounds: Protocol<Rounds, string>['rounds']): unknown {
  const broadcasts = Object.entries(rounds).filter(([, { all }]) => all !== undefined);
  const echoes = broadcasts.map(([name, { receivers }]) => [
    echoOf(name),
    { all: echo, ...(receivers !== undefined && { senders: receivers, receivers }) },
  ]);
  return { ...rounds, ...Object.fromEntries(echoes) };
}

const echoOf = (round: string): string => `${round}-echo`;

/** A party whose broadcasts are reliable: all receivers hear the same, or the run ends. */
export interface Reliable<R extends Rounds> extends Party<R> {
  /**
   * Resolves when all receivers have told that they heard the same broadcasts in every round begun so far. A protocol waits for
   * it before it blames a participant for what a broadcast says, and before its output.
   *
   * @throws {ProtocolAbort} A sender told two receivers different things, by its own two signatures; or an echo shows
   *   what its alleged sender has not signed.
   */
  agreed(): Promise<void>;
}

/**
 * Reliable broadcast over plain rounds (Goldwasser and Lindell 2005, echo broadcast: agreement or abort). Each receiver signs
 * the digests of what it heard, with their senders' signatures, for all other receivers. Two signed digests of one sender
 * are evidence by themselves, so that the first echo that differs names the culprit; no other message is needed.
 *
 * The echoes of a round travel beside the next round, and must agree before the round after that is sent: so they add
 * no delay, and `mine` of a round may be asked for only then.
 */
export function reliable<R extends Rounds>(party: Party<Echoed<R>>): Reliable<R>;
export function reliable(party: Party<Rounds>): unknown {
  return new ReliableParty(party);
}

class ReliableParty implements Reliable<Rounds> {
  readonly #party: Party<Rounds>;
  /** Of each round begun, in order: all receivers heard the same. */
  readonly #agreed: Promise<void>[] = [];
  readonly #failure: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;

  constructor(party: Party<Rounds>) {
    this.#party = party;
    this.#failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failure.catch(() => undefined);
  }

  get index(): PartyIndex {
    return this.#party.index;
  }

  get count(): number {
    return this.#party.count;
  }

  get sessionId(): Uint8Array {
    return this.#party.sessionId;
  }

  get sealKey(): Uint8Array {
    return this.#party.sealKey;
  }

  round(name: string, mine?: Mine<Carried>): Promise<readonly Heard<Carried>[]> {
    const heard = this.#afterEchoes(this.#agreed.slice(0, -1), name, mine);
    const agreed = heard.then(() => this.#compare(name));
    agreed.catch((error: unknown) => this.#fail(error));
    this.#agreed.push(agreed);
    return heard;
  }

  heard(name: string, from: PartyIndex): Promise<Heard<Carried>> {
    return Promise.race([this.#party.heard(name, from), this.#failure]);
  }

  async agreed(): Promise<void> {
    await Promise.race([Promise.all(this.#agreed), this.#failure]);
  }

  senders(name: string): readonly PartyIndex[] {
    return this.#party.senders(name);
  }

  broadcasts(name: string): ReturnType<Party<Rounds>['broadcasts']> {
    return this.#party.broadcasts(name);
  }

  privates(name: string): readonly Uint8Array[] {
    return this.#party.privates(name);
  }

  originals(names: readonly string[], from: PartyIndex): ReturnType<Party<Rounds>['originals']> {
    return this.#party.originals(names, from);
  }

  attested(
    name: string,
    from: PartyIndex,
    digest: SignedDigest,
  ): ReturnType<Party<Rounds>['attested']> {
    return this.#party.attested(name, from, digest);
  }

  async #afterEchoes(
    earlier: readonly Promise<void>[],
    name: string,
    mine: Mine<Carried> | undefined,
  ): Promise<readonly Heard<Carried>[]> {
    await Promise.race([Promise.all(earlier), this.#failure]);
    return Promise.race([this.#party.round(name, mine), this.#failure]);
  }

  /** Tells the other receivers what came here, and compares it with what came to each of them as soon as it tells. */
  async #compare(name: string): Promise<void> {
    const own = this.#party
      .broadcasts(name)
      .map(({ body, signature }) => ({ digest: bodyDigest(body), signature }));
    if (own.length === 0) return;
    const said = this.#party.round(echoOf(name), { all: { heard: own } });
    const compared = this.#party.senders(echoOf(name)).map(async (from) => {
      await this.#party.heard(echoOf(name), from);
      this.#judge(name, own, from);
    });
    await Promise.all([said, ...compared]);
  }

  #judge(name: string, own: readonly SignedDigest[], from: PartyIndex): void {
    const shown = this.#party.originals([echoOf(name)], from);
    const theirs = shown.flatMap(({ content }) =>
      content?.$case === 'open' ? (decode(Echo, content.value.body)?.heard ?? []) : [],
    );
    const senders = this.#party.senders(name);
    const pairs = senders.flatMap((sender, at) => {
      const [mine, other] = [own[at], theirs[at]];
      if (mine === undefined || other === undefined || equal(mine.digest, other.digest)) return [];
      return [[mine, other].map((each) => this.#party.attested(name, sender, each))];
    });
    const isFalse = theirs.length !== own.length || pairs.some((pair) => pair.includes(undefined));
    const twoFaced = pairs.filter((pair) => !pair.includes(undefined)).flat();
    const evidence = [
      ...twoFaced.filter((message) => message !== undefined),
      ...(isFalse ? shown : []),
    ];
    if (evidence.length === 0) return;
    const culprits = [...new Set(evidence.map((message) => message.from))];
    throw new ProtocolAbort(`Broadcasts of ${name} differ, or an echo of them`, culprits, evidence);
  }
}
