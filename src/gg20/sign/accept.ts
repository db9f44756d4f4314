import { assert, equal } from '../../common/index.js';
import { bytesItem, listItem, pointItem, textItem, u32Item, u8Item } from '../../wire/index.js';
import type { ParameterSet } from '../parameter-set.js';
import type { PublicPresignature } from '../presign/round7.js';
import { gg20Transcript, gg20Xof } from '../transcript.js';
import type { SignedFacts } from './signed-facts.js';

/** Random bytes of each signer, which close its ACCEPT: the factor d is known to none before all have been said. */
export const ETA_BYTES = 32;

/** The body of ACCEPT_i: T("accept", [ssid, presigId, keyId, version, hash, digest, path, PK', eta_i]). */
export function acceptBody<P>(
  { curve }: ParameterSet<P>,
  ssid: Uint8Array,
  { presigId }: Pick<PublicPresignature<P>, 'presigId'>,
  facts: SignedFacts<P>,
  eta: Uint8Array,
): Uint8Array {
  assert(eta.length === ETA_BYTES, 'eta has 32 bytes');
  return gg20Transcript('accept', [
    bytesItem(ssid),
    bytesItem(presigId),
    textItem(facts.keyId),
    u32Item(facts.version),
    u8Item(facts.hash),
    bytesItem(facts.digest),
    listItem(facts.path.map(u32Item)),
    pointItem(curve.group.encode(facts.derivedKey)),
    bytesItem(eta),
  ]);
}

/** Claims that another's ACCEPT says the same as the own one in everything but eta. */
export function isSameAccept(own: Uint8Array, other: Uint8Array): boolean {
  const end = own.length - ETA_BYTES;
  return other.length === own.length && equal(own.subarray(0, end), other.subarray(0, end));
}

/** A = XOF("accepts", [the bodies in order of index], 32): a share names which ACCEPTs its signer has seen. */
export function acceptsHash(bodies: readonly Uint8Array[]): Uint8Array {
  return gg20Xof('accepts', bodies.map(bytesItem), 32);
}
