import type { Signer, Verify } from '../../ports/index.js';
import type { Electorate } from '../checkpoints/mark.js';

/** The identities that stand behind the words of voters. */
export type EvidenceParts = {
  readonly signer: Signer;
  readonly verify: Verify['identity'];
  readonly electorate: Electorate;
};
