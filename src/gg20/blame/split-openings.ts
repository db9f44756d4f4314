import { equal, type PartyIndex } from '../../common/index.js';
import { bodyLayout, bytesField, numberField } from '../body.js';
import type { ParameterSet } from '../parameter-set.js';
import { HASH_BYTES, SALT_BYTES } from '../presign/messages.js';
import { privateHash } from '../session-id.js';
import { chaumPedersenLayout, type ChaumPedersenProof } from '../zk/chaum-pedersen.js';
import { bytesLayout, listLayout, numberLayout, scalarLayout, type Layout } from '../zk/layout.js';
import type { JudgedSession } from './judged.js';
import { othersThan } from './judged.js';
import { maskLayout, productLayout, type Opening5, type Opening7 } from './messages.js';

/*
 * An opening is said in two broadcasts: its numbers, with a hash for each other signer, and what these are the hashes of, an entry for
 * each. So a judge of another signer is shown the numbers and the one entry that concerns that signer.
 */

/** Of the numbers and hashes of the first broadcast. */
type Head5 = Omit<Opening5, 'masks'> & { readonly masks: readonly Uint8Array[] };
type Head7<P> = {
  readonly k: bigint;
  readonly r: bigint;
  readonly products: readonly Uint8Array[];
  readonly proof: ChaumPedersenProof<P>;
};

/** The bytes of both broadcasts. */
export type SplitOpening = { readonly head: Uint8Array; readonly entries: Uint8Array };

type Session<P> = Pick<JudgedSession<P>, 'set' | 'ssid0' | 'signers'>;

/** The check that an opening fails whose entries are not those that it names. */
export const NAMED_ENTRIES = 'the entries of its opening are the named ones';

/** Of hashes of entries: after all rounds. */
const ROUND = 8;

/** @param signers - How many there are. */
export function head5Layout(set: ParameterSet, signers: number): Layout<Head5> {
  const scalar = numberField(scalarLayout(set.curve.group));
  return bodyLayout<Head5>('presign/opening-5', {
    k: scalar,
    r: numberField(numberLayout(set.widths.modulus)),
    gamma: scalar,
    salt: bytesField(bytesLayout(SALT_BYTES)),
    masks: bytesField(listLayout(bytesLayout(HASH_BYTES), signers - 1)),
  });
}

/** @param signers - How many there are. */
export function head7Layout<P>(set: ParameterSet<P>, signers: number): Layout<Head7<P>> {
  return bodyLayout<Head7<P>>('presign/opening-7', {
    k: numberField(scalarLayout(set.curve.group)),
    r: numberField(numberLayout(set.widths.modulus)),
    products: bytesField(listLayout(bytesLayout(HASH_BYTES), signers - 1)),
    proof: bytesField(chaumPedersenLayout(set)),
  });
}

type Entries = { readonly entries: readonly Uint8Array[] };

/** The entries of type 5: addends, for each other signer as Alice, ascending. */
export function masksLayout(set: ParameterSet, signers: number): Layout<Entries> {
  const each = bytesLayout(maskLayout(set).byteLength);
  return bodyLayout<Entries>('presign/masks', {
    entries: bytesField(listLayout(each, signers - 1)),
  });
}

/** The entries of type 7: plaintexts, for each other signer as Bob, ascending. */
export function productsLayout(set: ParameterSet, signers: number): Layout<Entries> {
  const each = bytesLayout(productLayout(set).byteLength);
  return bodyLayout<Entries>('presign/products', {
    entries: bytesField(listLayout(each, signers - 1)),
  });
}

/** The hash of the entry of i's opening that concerns j. */
export function entryHash<P>(
  { ssid0 }: Pick<Session<P>, 'ssid0'>,
  i: PartyIndex,
  j: PartyIndex,
  entry: Uint8Array,
): Uint8Array {
  return privateHash(ssid0, ROUND, i, j, entry);
}

export function split5<P>(session: Session<P>, i: PartyIndex, opening: Opening5): SplitOpening {
  const { set, signers } = session;
  const entries = opening.masks.map((mask) => maskLayout(set).encode(mask));
  const masks = hashesOf(session, i, entries);
  return {
    head: head5Layout(set, signers.length).encode({ ...opening, masks }),
    entries: masksLayout(set, signers.length).encode({ entries }),
  };
}

export function split7<P>(session: Session<P>, i: PartyIndex, opening: Opening7<P>): SplitOpening {
  const { set, signers } = session;
  const entries = opening.products.map((product) => productLayout(set).encode(product));
  const products = hashesOf(session, i, entries);
  return {
    head: head7Layout(set, signers.length).encode({ ...opening, products }),
    entries: productsLayout(set, signers.length).encode({ entries }),
  };
}

/**
 * i's opening of both broadcasts. An entry that is not shown opens nothing; nothing is made of one that is not the named one.
 *
 * @param entries - Of each other signer, ascending.
 */
export function join5<P>(
  session: Session<P>,
  i: PartyIndex,
  head: Uint8Array,
  entries: readonly (Uint8Array | undefined)[],
): Opening5 | undefined {
  const { set, signers } = session;
  const said = head5Layout(set, signers.length).decode(head);
  if (said === undefined || !areNamed(session, i, said.masks, entries)) return undefined;
  const none = { beta: -1n, nonce: 0n };
  const masks = entries.map((entry) => (entry && maskLayout(set).decode(entry)) ?? none);
  return { ...said, masks };
}

/** The same of type 7. */
export function join7<P>(
  session: Session<P>,
  i: PartyIndex,
  head: Uint8Array,
  entries: readonly (Uint8Array | undefined)[],
): Opening7<P> | undefined {
  const { set, signers } = session;
  const said = head7Layout(set, signers.length).decode(head);
  if (said === undefined || !areNamed(session, i, said.products, entries)) return undefined;
  const none = { mu: 0n, nonce: 0n };
  const products = entries.map((entry) => (entry && productLayout(set).decode(entry)) ?? none);
  return { ...said, products };
}

function hashesOf<P>(
  session: Session<P>,
  i: PartyIndex,
  entries: readonly Uint8Array[],
): readonly Uint8Array[] {
  const others = othersThan(session.signers, i);
  return entries.map((entry, at) => entryHash(session, i, others[at] ?? 0, entry));
}

function areNamed<P>(
  session: Session<P>,
  i: PartyIndex,
  hashes: readonly Uint8Array[],
  entries: readonly (Uint8Array | undefined)[],
): boolean {
  return othersThan(session.signers, i).every((j, at) => {
    const [entry, named] = [entries[at], hashes[at]];
    return (
      entry === undefined || (named !== undefined && equal(named, entryHash(session, i, j, entry)))
    );
  });
}
