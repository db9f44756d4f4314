import type { SignedMessage } from '../../mpc/index.js';
import { entriesFault, opening5Fault, opening7Fault, shownAnswersFault } from './judge-openings.js';
import {
  answerFault,
  gammaFault,
  nonceFault,
  nonceProofFault,
  readyFault,
  sFault,
  sumsFault,
} from './judge-rounds.js';
import { JudgedViews, type AccusedSigner, type UsedEvidence } from './judged-views.js';
import { readyBytes } from '../presign/round7.js';
import { bytesLayout } from '../zk/layout.js';
import { UNREADABLE } from './session-job.js';

const READY_BYTES = readyBytes(new Uint8Array(32)).length;

/** In the order of the rounds. */
const CHECKS = [
  nonceFault,
  answerFault,
  sumsFault,
  gammaFault,
  nonceProofFault,
  sFault,
  readyFault,
  shownAnswersFault,
  entriesFault,
  opening5Fault,
  opening7Fault,
] as const;

/** A check that a signer's messages fail, and the part of the evidence that it took: that alone shows the same. */
export type SigningFault = UsedEvidence & { readonly check: string };

/**
 * The check that a signer's messages fail, if any. It is a pure function of what the accused signed and of public
 * facts, and gives the same answer everywhere; a check whose statement is not shown is not asked. An honest signer's messages pass
 * every check against what it said itself that it heard. Never throws.
 *
 * @param messages - All of them signed by the accused in this session.
 * @param statement - Bodies of the others, and parts of them, which the accused's echoes and lists name by their hashes.
 */
export function signingFault<P>(
  signer: AccusedSigner<P>,
  messages: readonly SignedMessage[],
  statement: readonly Uint8Array[],
): SigningFault | undefined {
  const party = signer.session.signers.indexOf(signer.accused) + 1;
  if (party === 0 || messages.some(({ from }) => from !== party)) return undefined;
  const views = new JudgedViews(signer, messages, statement);
  const { layouts } = views;
  const unreadable = views.isUnreadable({
    nonce: layouts.round1,
    'nonce/each': layouts.round1Each,
    'answer/each': layouts.round2Each,
    sums: layouts.round3,
    gamma: layouts.round4,
    rb: layouts.round5,
    'rb/each': layouts.round5Each,
    s: layouts.round6,
    answers: layouts.answers,
    'opening-5': layouts.opening5,
    'opening-7': layouts.opening7,
    masks: layouts.masks,
    products: layouts.products,
    ready: bytesLayout(READY_BYTES),
  });
  if (unreadable) return { check: UNREADABLE, ...views.used };
  for (const check of CHECKS) {
    views.forget();
    const failed = check(views);
    if (failed !== undefined) return { check: failed, ...views.used };
  }
  return undefined;
}

/** The check alone, of {@link signingFault}. */
export function judgeSigning<P>(
  signer: AccusedSigner<P>,
  messages: readonly SignedMessage[],
  statement: readonly Uint8Array[],
): string | undefined {
  return signingFault(signer, messages, statement)?.check;
}
