import type { PartyIndex } from '../../../common/index.js';
import { checkClaimsJob, combineJob } from '../../../algorithms/index.js';
import { SHARE_KIND } from '../../../frost/index.js';
import { algorithmOf } from '../../../identity/index.js';
import { sharedKey } from '../../../sharing/index.js';
import { signedBytes, suppliesOf } from '../../../state/index.js';
import type { ActiveKey, ParsedSign } from '../../../state/index.js';
import { decode, encode, SignatureResult, SignatureShare } from '../../../wire/index.js';
import type { LiveAttempt } from '../../live-tasks.js';
import type { Claim, Combined, Combining, CombiningContext } from '../driver.js';
import { signersOf } from './signers.js';

const NO_SHARE = new Uint8Array(0);

/** Adds up signature shares, and has the sum verified under the key at the request's path by code that did not make it. */
export class SignCombining implements Combining<ParsedSign> {
  readonly envelope = SHARE_KIND;
  readonly #parts: CombiningContext;

  constructor(parts: CombiningContext) {
    this.#parts = parts;
  }

  async combine(
    attempt: LiveAttempt<ParsedSign>,
    bodies: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<Combined> {
    const { key } = attempt.task;
    if (key === undefined) return { wrong: [] };
    const shares = new Map<PartyIndex, Uint8Array>();
    for (const [index, body] of bodies) {
      // A signed contribution that spells no share is a wrong share.
      shares.set(index, decode(SignatureShare, body)?.share ?? NO_SHARE);
    }
    const { compute } = this.#parts.arithmetic;
    const made = await compute.run(combineJob, { ...signatureOf(attempt, key), shares });
    if (!made.ok) return { wrong: made.culprits };
    const { signature, publicKey } = made;
    const answer = encode(SignatureResult, {
      signature,
      publicKey,
      keyVersion: attempt.record.attempt?.version ?? key.version,
      signers: suppliesOf(attempt.record.attempt).map(({ nodeId }) => nodeId),
      derivationPath: [...attempt.task.asked.path],
    });
    return { material: signature, answer };
  }

  /** The nonce point must be the attempt's: a signature of another attempt would be shown as made by these signers. */
  async checkClaims(claims: readonly Claim<ParsedSign>[]): Promise<readonly boolean[]> {
    const claimed = claims.map(({ attempt, material: signature }) => {
      const { key } = attempt.task;
      return key && { ...signatureOf(attempt, key), signature };
    });
    const { compute } = this.#parts.arithmetic;
    const good = await compute.run(
      checkClaimsJob,
      claimed.filter((each) => each !== undefined),
    );
    let next = 0;
    return claimed.map((each) => each !== undefined && good[next++] === true);
  }
}

/** The signature that an attempt is to make, as the arithmetic takes it. */
function signatureOf(attempt: LiveAttempt<ParsedSign>, key: ActiveKey) {
  const { payload, path } = attempt.task.asked;
  return {
    algorithm: algorithmOf(key),
    key: sharedKey(key, path),
    signers: signersOf(attempt, key),
    message: signedBytes(payload),
  };
}
