import { equal, toHex } from '../../common/index.js';
import { bodyDigest } from '../../mpc/index.js';
import { decode, Echo } from '../../wire/index.js';
import { acceptBody, acceptsHash, ETA_BYTES, isSameAccept } from '../sign/accept.js';
import type { SignedBytes } from './begin.js';
import type { PublicSession } from './facts.js';
import { shareLayout } from './share-body.js';
import { signedFacts } from './share-jobs.js';

/** An online session as its entry fixes it. */
export type OnlineSession<P> = {
  readonly session: PublicSession<P>;
  readonly signed: SignedBytes;
  readonly presigId: Uint8Array;
};

/** Whether an ACCEPT, signed in this session, says what the entry says. */
export function isRightAccept<P>(
  { session, signed, presigId }: OnlineSession<P>,
  accept: Uint8Array,
): boolean {
  const { set, ssid0 } = session;
  const eta = new Uint8Array(ETA_BYTES);
  return isSameAccept(acceptBody(set, ssid0, { presigId }, signedFacts(set, signed), eta), accept);
}

/**
 * Whether a signer's share names other ACCEPTs than the same signer's echo says it heard. Nothing else of its share need be
 * wrong.
 *
 * @param share - Signed, like `echo`, by the accused in this session.
 * @param accepts - The bodies that the echo names by their hashes.
 */
export function namesOtherAccepts<P>(
  { session: { set, signers } }: Pick<OnlineSession<P>, 'session'>,
  share: Uint8Array,
  echo: Uint8Array,
  accepts: readonly Uint8Array[],
): boolean {
  const said = shareLayout(set, signers.length, 'online').decode(share);
  const shown = new Map(accepts.map((body) => [toHex(bodyDigest(body)), body]));
  const heard = (decode(Echo, echo)?.heard ?? []).flatMap(
    ({ digest }) => shown.get(toHex(digest)) ?? [],
  );
  if (said === undefined || heard.length !== signers.length) return false;
  return !equal(said.accepts, acceptsHash(heard));
}
