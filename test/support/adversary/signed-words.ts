import type { ClusterId } from '../../../src/common/index.js';
import type { Signer } from '../../../src/ports/index.js';
import type { Acknowledgement } from '../../../src/raft/index.js';
import { acknowledgementBytes } from '../../../src/raft/evidence/words.js';

/** Signs what a liar acknowledges, true or not: under its own key it can say what it likes. */
export function signsFor(
  signer: Signer,
  clusterId: ClusterId,
): (said: Acknowledgement) => Acknowledgement {
  return (said) => ({
    ...said,
    signature: signer.sign(acknowledgementBytes(clusterId, signer.node, said)),
  });
}
