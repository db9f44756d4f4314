import { concat } from '../../../common/index.js';
import type { PartyIndex } from '../../../common/index.js';
import {
  checkClaimsJob,
  combineJob,
  combineSessionJob,
  shareKindOf,
  verifyJob,
} from '../../../algorithms/index.js';
import { algorithmOf, ALGORITHMS } from '../../../identity/index.js';
import { sharedKey } from '../../../sharing/index.js';
import { signedBytes } from '../../../state/index.js';
import type { ActiveKey, ParsedSign } from '../../../state/index.js';
import { decode, encode, SignatureResult, SignatureShare } from '../../../wire/index.js';
import type { LiveAttempt } from '../../live-tasks.js';
import type { Claim, Combined, Combining, CombiningContext } from '../driver.js';
import { askedSignature, sessionBasis, signsBySession } from './session-basis.js';
import { signersOf } from './signers.js';

type SignAttempt = LiveAttempt<ParsedSign>;
type SignClaim = Claim<ParsedSign>;
type Made = Pick<SignatureResult, 'signature' | 'publicKey' | 'recoveryId'>;

const NO_SHARE = new Uint8Array(0);

/** Adds up signature shares, and has the sum verified under the key at the request's path by code that did not make it. */
export class SignCombining implements Combining<ParsedSign> {
  readonly #parts: CombiningContext;

  constructor(parts: CombiningContext) {
    this.#parts = parts;
  }

  envelope({ task: { key } }: Pick<SignAttempt, 'task'>): string | undefined {
    return key && shareKindOf(key.algorithm);
  }

  combine(attempt: SignAttempt, bodies: ReadonlyMap<PartyIndex, Uint8Array>): Promise<Combined> {
    const { key } = attempt;
    if (key === undefined) return Promise.resolve({ wrong: [] });
    return signsBySession(this.#parts.arithmetic.schemes, key)
      ? this.#combineSession(attempt, key, bodies)
      : this.#combineSupplies(attempt, key, bodies);
  }

  /**
   * With supplies, the nonce point must be the attempt's: a signature of another attempt would be shown as made by these signers. Of a
   * session's signature no public fact says who made it: that is the word of the node that brings it.
   */
  async checkClaims(claims: readonly SignClaim[]): Promise<readonly boolean[]> {
    const { schemes } = this.#parts.arithmetic;
    const isOfSession = ({ attempt: { key } }: SignClaim): boolean =>
      key !== undefined && signsBySession(schemes, key);
    const sessions = claims.filter(isOfSession);
    const supplies = claims.filter((claim) => !isOfSession(claim));
    const [ofSessions, ofSupplies] = await Promise.all([
      Promise.all(sessions.map((claim) => this.#checkSession(claim))),
      this.#checkSupplies(supplies),
    ]);
    return claims.map((claim) => {
      const at = sessions.indexOf(claim);
      return at >= 0 ? ofSessions[at] === true : ofSupplies[supplies.indexOf(claim)] === true;
    });
  }

  async #combineSupplies(
    attempt: SignAttempt,
    key: ActiveKey,
    bodies: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<Combined> {
    const shares = new Map<PartyIndex, Uint8Array>();
    for (const [index, body] of bodies) {
      // A signed contribution that spells no share is a wrong share.
      shares.set(index, decode(SignatureShare, body)?.share ?? NO_SHARE);
    }
    const { compute } = this.#parts.arithmetic;
    const made = await compute.run(combineJob, { ...signatureOf(attempt, key), shares });
    if (!made.ok) return { wrong: made.culprits };
    const { signature, publicKey } = made;
    const answer = answerOf(attempt, key, { signature, publicKey, recoveryId: undefined });
    return { material: signature, answer };
  }

  async #combineSession(
    attempt: SignAttempt,
    key: ActiveKey,
    shares: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<Combined> {
    const { arithmetic, context } = this.#parts;
    const basis = sessionBasis(arithmetic, context.judging.genesis.clusterId, attempt, key, []);
    if (basis === undefined) return { wrong: [] };
    const presigId = attempt.record.attempt?.presignature;
    const asked = {
      ...(await askedSignature(attempt.task.asked, arithmetic.compute)),
      ...(presigId && { presigId }),
    };
    const algorithm = algorithmOf(key);
    const mode = presigId === undefined ? 'interactive' : 'online';
    const input = { algorithm, mode, basis, asked, shares } as const;
    const made = await arithmetic.compute.run(combineSessionJob, input);
    if (!made.ok) return { wrong: made.culprits };
    const { bytes: signature, publicKey, recoveryId } = made;
    const answer = answerOf(attempt, key, { signature, publicKey, recoveryId });
    return { material: concat(signature, Uint8Array.of(recoveryId)), answer };
  }

  async #checkSupplies(claims: readonly SignClaim[]): Promise<readonly boolean[]> {
    if (claims.length === 0) return [];
    const claimed = claims.map(({ attempt, material: signature }) => {
      const { key } = attempt;
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

  async #checkSession({ attempt, material }: SignClaim): Promise<boolean> {
    const { key, task } = attempt;
    if (key === undefined) return false;
    const algorithm = algorithmOf(key);
    const { signatureBytes } = ALGORITHMS[algorithm];
    const signature = material.slice(0, signatureBytes);
    const recoveryId = material[signatureBytes];
    if (recoveryId === undefined || material.length !== signatureBytes + 1) return false;
    const { compute } = this.#parts.arithmetic;
    // Any voter causes it, by sending what is no signature.
    const job = { ...verifyJob, lane: 'peers' } as const;
    const { payload, path } = task.asked;
    const input = { algorithm, key: sharedKey(key, path), payload, signature, recoveryId };
    return (await compute.run(job, input)) !== undefined;
  }
}

/** The signature that an attempt with supplies is to make, as the arithmetic takes it. */
function signatureOf(attempt: SignAttempt, key: ActiveKey) {
  const { payload, path } = attempt.task.asked;
  return {
    algorithm: algorithmOf(key),
    key: sharedKey(key, path),
    signers: signersOf(attempt, key),
    message: signedBytes(payload),
  };
}

function answerOf({ record, task, nodes }: SignAttempt, key: ActiveKey, made: Made): Uint8Array {
  return encode(SignatureResult, {
    ...made,
    keyVersion: record.attempt?.version ?? key.version,
    signers: [...nodes],
    derivationPath: [...task.asked.path],
  });
}
