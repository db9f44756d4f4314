import type { NodeId } from '../../../src/common/index.js';
import type { Request } from '../../../src/wire/index.js';

/** What follows from the genesis alone, computed beside the code under test. */
export interface Law {
  /** The member whose word this request has, if it has any. */
  voucherOf(request: Request): NodeId | undefined;
  requestHash(method: string, request: Uint8Array): Uint8Array;
  /** Whom these bytes prove to have lied. */
  culpritOf(evidence: Uint8Array): NodeId | undefined;
}
