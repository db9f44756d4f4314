import type { Compute, Job, Network } from '../../../src/ports/index.js';
import { decodeTaskMessage } from '../../../src/wire/index.js';
import type { LiarParts } from './liar.js';
import type { SigningLiar } from './scenario.js';

/** What a signer says when sums that are wrong are looked into. */
const OPENINGS = ['answers', 'opening-5', 'opening-7', 'masks', 'products'];
const KINDS: ReadonlySet<string> = new Set(
  ['gg20-sign', 'gg20-presign'].flatMap((protocol) =>
    OPENINGS.map((round) => `${protocol}/${round}`),
  ),
);

type Products = { readonly secret: { readonly products: readonly Uint8Array[] } };

/**
 * A signer whose sums are wrong, though each of its messages is right by itself, and that opens nothing when all look for who it was:
 * what a culprit does that knows the protocol.
 */
export class SilentLiar implements SigningLiar {
  readonly #parts: LiarParts;
  /** Sessions in which it did not open, by id. */
  readonly sessions = new Set<string>();

  constructor(parts: LiarParts) {
    this.#parts = parts;
  }

  over(network: Network): Network {
    return {
      send: (to, channel, bytes) => {
        const message = channel === 'tasks' ? decodeTaskMessage(bytes)?.message : undefined;
        if (message?.$case !== 'envelope' || !KINDS.has(message.value.kind)) {
          network.send(to, channel, bytes);
          return;
        }
        const session = Buffer.from(message.value.sessionId).toString('hex');
        if (!this.sessions.has(session)) this.#parts.told(`silence in ${message.value.kind}`);
        this.sessions.add(session);
      },
    };
  }

  working(usual: Compute): Compute {
    return {
      idle: () => usual.idle(),
      run: <I, O>(job: Job<I, O, never>, input: I): Promise<O> =>
        usual.run(job, job.name === 'gg20/sum-products' ? wrongAlpha(input) : input),
    };
  }
}

/** The same with another low bit in the first alpha. */
function wrongAlpha<I>(input: I): I {
  const given = input as I & Products;
  const products = given.secret.products.map((each, position) => {
    const end = each.length / 2 - 1;
    return each.map((byte, place) => (position === 0 && place === end ? byte ^ 1 : byte));
  });
  return { ...given, secret: { ...given.secret, products } };
}
