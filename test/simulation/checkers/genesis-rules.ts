import type { NodeId } from '../../../src/common/index.js';
import type { Installed, Request } from '../../../src/wire/index.js';

/** The rules that follow from the genesis alone, computed apart from the code under test. */
export interface GenesisRules {
  /** The member that vouches for this request, if there is one. */
  voucherOf(request: Request): NodeId | undefined;
  /** The SPIFFE id of the requester that has truly signed this request, if one has. */
  signerOf?(request: Request): string | undefined;
  /** Whether the member that it names has truly signed an `installed`. */
  isTrueInstalled?(word: Installed): boolean;
  requestHash(method: string, request: Uint8Array): Uint8Array;
  /** The node that this evidence proves to have lied. */
  culpritOf(evidence: Uint8Array): NodeId | undefined;
}
