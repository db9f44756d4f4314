import { assert, ClusterError } from '../../common/index.js';
import { encodeBigEndian, SecretBytes, wipe } from '../../crypto/index.js';
import type { Profile } from '../../gg20/index.js';
import type { Logger, PrimeKind, Primes } from '../../ports/index.js';
import { GENERATIONS_OF_PRIMES_MAX } from '../limits.js';

/** Fresh primes for one generation, big-endian: p and q of N, then p and q of Nh. Their holder wipes them. */
export type GenerationPrimes = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** The primes of one profile that a node has ready. */
export type PrimeStock = {
  readonly profile: string;
  /** Enough for so many generations. */
  readonly ready: number;
  /** Another one is being looked for. */
  readonly making: boolean;
};

/** Two of each kind make one generation. */
const OF_EACH_KIND = 2;

type Waiting = {
  readonly take: (primes: GenerationPrimes) => void;
  readonly fail: (error: Error) => void;
};

type Stock = {
  readonly profile: Profile;
  readonly kept: Record<PrimeKind, SecretBytes[]>;
  /** Generations that primes are to be ready for. */
  level: number;
  readonly waiting: Waiting[];
};

/**
 * Primes for this node's own moduli, made ahead of need since a safe prime takes seconds: in the background, one at a time, and
 * only of profiles that are in use. Each is given out once. A restart begins with none.
 */
export class PrimePool {
  readonly #primes: Primes;
  readonly #logger: Pick<Logger, 'error'>;
  /** By the name of the profile. */
  readonly #stocks = new Map<string, Stock>();
  /** The profile of the prime that is being looked for. */
  #making: string | undefined;
  /** Sessions in which other arithmetic is to go first. */
  #resting = 0;
  #closed = false;

  constructor(primes: Primes, logger: Pick<Logger, 'error'>) {
    this.#primes = primes;
    this.#logger = logger;
  }

  /**
   * Keeps primes ready for so many generations of a profile from now on, within the bound. Primes that are there stay, also
   * where fewer are wanted.
   */
  keep(profile: Profile, generations: number): void {
    if (generations === 0 && !this.#stocks.has(profile.name)) return;
    this.#of(profile).level = Math.min(generations, GENERATIONS_OF_PRIMES_MAX);
    void this.#fill();
  }

  /**
   * Gives primes for one generation away, as soon as there are some, to those that wait in their order.
   *
   * @throws {ClusterError} `cancelled`: the node stops.
   */
  take(profile: Profile): Promise<GenerationPrimes> {
    return new Promise((take, fail) => {
      if (this.#closed) return fail(stopped());
      const stock = this.#of(profile);
      stock.waiting.push({ take, fail });
      this.#serve(stock);
      void this.#fill();
    });
  }

  /** Takes primes back that nothing was made of. */
  giveBack(profile: Profile, [p, q, ph, qh]: GenerationPrimes): void {
    if (this.#closed) return wipe(p, q, ph, qh);
    const stock = this.#of(profile);
    stock.kept.blum.push(new SecretBytes(p), new SecretBytes(q));
    stock.kept.safe.push(new SecretBytes(ph), new SecretBytes(qh));
    this.#serve(stock);
  }

  /**
   * Looks only for primes that are waited for, until the session is over: the search takes processors from its arithmetic.
   *
   * @returns Ends the rest; called once.
   */
  rest(): () => void {
    this.#resting += 1;
    return () => {
      this.#resting -= 1;
      void this.#fill();
    };
  }

  /** Of each profile that is in use here. */
  get stocks(): readonly PrimeStock[] {
    return [...this.#stocks.values()].map((stock) => ({
      profile: stock.profile.name,
      ready: readyIn(stock),
      making: this.#making === stock.profile.name,
    }));
  }

  /** Wipes what is kept. A prime that is being looked for is wiped when it comes. */
  close(): void {
    this.#closed = true;
    for (const { kept, waiting } of this.#stocks.values()) {
      for (const prime of [...kept.blum, ...kept.safe]) prime[Symbol.dispose]();
      for (const { fail } of waiting) fail(stopped());
    }
    this.#stocks.clear();
  }

  toJSON(): never {
    throw new TypeError('primes do not become JSON');
  }

  #of(profile: Profile): Stock {
    const known = this.#stocks.get(profile.name);
    assert(
      known === undefined || known.profile.modulusBits === profile.modulusBits,
      'profiles of one name have one size',
    );
    const stock = known ?? { profile, kept: { blum: [], safe: [] }, level: 0, waiting: [] };
    this.#stocks.set(profile.name, stock);
    return stock;
  }

  #serve(stock: Stock): void {
    while (readyIn(stock) > 0) {
      const waiting = stock.waiting.shift();
      if (waiting === undefined) return;
      const { blum, safe } = stock.kept;
      const [p, q, ph, qh] = [blum.shift(), blum.shift(), safe.shift(), safe.shift()];
      assert(p !== undefined && q !== undefined, 'there are Blum primes');
      assert(ph !== undefined && qh !== undefined, 'there are safe primes');
      waiting.take([moved(p), moved(q), moved(ph), moved(qh)]);
    }
  }

  /** Looks for what is missing, one prime after the other. */
  async #fill(): Promise<void> {
    if (this.#making !== undefined) return;
    for (let next = this.#missing(); next !== undefined; next = this.#missing()) {
      const { stock, kind } = next;
      const { name, modulusBits } = stock.profile;
      this.#making = name;
      try {
        const bits = modulusBits / 2;
        const prime = encodeBigEndian(await this.#primes.prime(kind, bits), bits / 8);
        if (this.#closed) return wipe(prime);
        stock.kept[kind].push(new SecretBytes(prime));
        this.#serve(stock);
      } catch (error) {
        // The next need tries again.
        this.#logger.error('no prime was made', { profile: name, error: String(error) });
        return;
      } finally {
        this.#making = undefined;
      }
    }
  }

  /** The next prime to look for: of profiles that are waited for before others, and for one generation after the other. */
  #missing(): { readonly stock: Stock; readonly kind: PrimeKind } | undefined {
    if (this.#closed) return undefined;
    const stocks = [...this.#stocks.values()];
    const first = stocks.filter(({ waiting }) => waiting.length > 0);
    for (const stock of [...first, ...stocks]) {
      const ahead = this.#resting > 0 ? 0 : stock.level;
      const wanted = Math.min(stock.waiting.length + ahead, GENERATIONS_OF_PRIMES_MAX);
      const ready = readyIn(stock);
      if (ready >= wanted) continue;
      const lacksBlum = stock.kept.blum.length < OF_EACH_KIND * (ready + 1);
      return { stock, kind: lacksBlum ? 'blum' : 'safe' };
    }
    return undefined;
  }
}

function readyIn({ kept: { blum, safe } }: Stock): number {
  return Math.floor(Math.min(blum.length, safe.length) / OF_EACH_KIND);
}

/** The bytes, which are the caller's then. */
function moved(prime: SecretBytes): Uint8Array {
  const bytes = Uint8Array.from(prime.bytes);
  prime[Symbol.dispose]();
  return bytes;
}

function stopped(): ClusterError {
  return new ClusterError('cancelled', 'The node stops');
}
