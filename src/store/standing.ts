import type { ShareStore } from '../ports/index.js';

/** The name of the embedded store where another store speaks of it; every other store has a random id, in hex. */
export const EMBEDDED = 'embedded';

/** The name of a store of shares: {@link EMBEDDED}, or 32 hex characters. */
export type StoreId = string;

/**
 * What a store is to its node. A node has one `active` store of shares and writes to no other. While shares move, the
 * store that they come into is `filling`; the one that they came from has been `left` as soon as the other holds all.
 */
export type Standing =
  | { readonly state: 'active' }
  | { readonly state: 'filling'; readonly from: StoreId }
  | { readonly state: 'left'; readonly to: StoreId };

export const ACTIVE: Standing = { state: 'active' };

/** A store of shares that knows, durably, what it is to its node. */
export type StandingStore = ShareStore & {
  /** In words, for messages; without a password. */
  readonly name: string;
  readonly storeId: StoreId;
  standing(): Standing;
  /** Changes the standing; resolves when that is durable. */
  stand(standing: Standing): Promise<void>;
};

/** One word for a standing: `active`, `filling embedded`, `left 0f…`. */
export function standingToText(standing: Standing): string {
  if (standing.state === 'active') return 'active';
  return standing.state === 'filling' ? `filling ${standing.from}` : `left ${standing.to}`;
}

/** The standing that a text says, `undefined` for a text that {@link standingToText} does not write. */
export function standingOfText(text: string): Standing | undefined {
  if (text === 'active') return ACTIVE;
  const [, state, other] = /^(filling|left) (embedded|[0-9a-f]{32})$/.exec(text) ?? [];
  if (other === undefined) return undefined;
  return state === 'left' ? { state: 'left', to: other } : { state: 'filling', from: other };
}
