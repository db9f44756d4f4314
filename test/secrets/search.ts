/** One thing that must not be found, and what it is. */
export type Secret = { readonly kind: string; readonly bytes: Buffer };

/** Where something was found: the kind of secret, and how it was spelled. */
export type Finding = { readonly kind: string; readonly form: string };

type Pattern = Finding & { readonly bytes: Buffer };

/** Long enough that chance does not find it, short enough for what is left of a text between the edges of Base64's groups. */
const PATTERN_MIN = 12;

/**
 * All ways to spell `secret` that bytes, texts and printed objects have: both byte orders, raw, hex with and without separators, Base64
 * in each of its three phases, decimal bytes and the number itself.
 */
function patternsOf({ kind, bytes }: Secret): Pattern[] {
  const patterns: Pattern[] = [];
  for (const [order, each] of [
    ['', bytes],
    ['reversed ', Buffer.from(bytes.toReversed())],
  ] as const) {
    const pairs = each.toString('hex').match(/../g) ?? [];
    const texts: [string, string][] = [
      ['hex', pairs.join('')],
      ['HEX', pairs.join('').toUpperCase()],
      ['decimal bytes', [...each].join(',')],
      ['number', BigInt(`0x${pairs.join('')}`).toString()],
    ];
    for (const phase of [0, 1, 2]) {
      // Only the characters that the secret alone decides: the first and last group may share bits with neighbours.
      const text = Buffer.concat([Buffer.alloc(phase), each]).toString('base64');
      const own = text.slice(phase === 0 ? 0 : 4, Math.floor((phase + each.length) / 3) * 4);
      texts.push([`Base64, phase ${phase}`, own]);
      texts.push([`Base64url, phase ${phase}`, own.replaceAll('+', '-').replaceAll('/', '_')]);
    }
    patterns.push({ kind, form: `${order}raw`, bytes: each });
    for (const [form, text] of texts)
      patterns.push({ kind, form: order + form, bytes: Buffer.from(text, 'latin1') });
  }
  return patterns.filter(({ bytes: { length } }) => length >= PATTERN_MIN);
}

/** Looks for many secrets at once. */
export class Search {
  /** By their first four bytes. */
  readonly #patterns = new Map<number, Pattern[]>();

  readonly #isRaw: boolean;

  /** @param spellings - `raw`: as memory has them, in either byte order; texts are not looked for. */
  constructor(secrets: readonly Secret[], spellings: 'all' | 'raw' = 'all') {
    this.#isRaw = spellings === 'raw';
    const patterns = secrets.flatMap(patternsOf);
    for (const pattern of patterns.filter(({ form }) => !this.#isRaw || form.endsWith('raw'))) {
      const start = pattern.bytes.readUInt32BE(0);
      const same = this.#patterns.get(start);
      if (same === undefined) this.#patterns.set(start, [pattern]);
      else same.push(pattern);
    }
  }

  /** Every spelling of every secret that is in `place`, each once; white space, by which lists are printed, does not hide it. */
  in(place: Buffer): Finding[] {
    if (this.#isRaw) return [...this.#scan(place)];
    const dense = place.filter((byte) => byte !== 0x20 && byte !== 0x0a);
    const found = new Map<string, Finding>();
    for (const each of [place, Buffer.from(dense)]) {
      for (const finding of this.#scan(each)) found.set(`${finding.kind}/${finding.form}`, finding);
    }
    return [...found.values()];
  }

  *#scan(place: Buffer): Iterable<Finding> {
    let window = 0;
    for (let at = 0; at < place.length; at++) {
      window = ((window << 8) | (place[at] ?? 0)) >>> 0;
      for (const { kind, form, bytes } of this.#patterns.get(window) ?? []) {
        if (bytes.equals(place.subarray(at - 3, at - 3 + bytes.length))) yield { kind, form };
      }
    }
  }
}
