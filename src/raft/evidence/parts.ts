import type { Signer, Verify } from '../../ports/index.js';
import type { Electorate } from '../checkpoints/mark.js';

/** The identities that stand behind the words of voters. */
export type EvidenceParts = {
  readonly signer: Signer;
  readonly verify: Verify['identity'];
  readonly electorate: Electorate;
  /** This node has lost a part of its log, and takes no part any more. Called once in a run. */
  readonly onConvicted?: (() => void) | undefined;
};
