import { Bug } from '../../common/index.js';
import type { SignedBytes } from './begin.js';
import { signersOf } from './facts.js';
import { presign } from './presign.js';
import { interactiveShareJob } from './share-jobs.js';
import { signerAt, type SigningParts } from './signing-run.js';

export type InteractiveParts = SigningParts & {
  /** The facts of the signature, as they were bound in the session's id. */
  readonly signed: SignedBytes;
};

/**
 * Signs one message together with all signers of the session: a presignature that is bound to it from its first round on, and
 * when every signer is ready, this signer's share (the interactive mode).
 *
 * @returns The body of SHARE_i, which is signed and sent to those that combine shares. It is all that may be sent again.
 * @throws {ProtocolAbort} As `presign`.
 * @throws {SilentInBlame} As `presign`.
 */
export async function signInteractively(parts: InteractiveParts): Promise<Uint8Array> {
  const { party, facts, signed, ports } = parts;
  const { presignature, readies, secret } = await presign(parts);
  const made = await ports.compute.run(
    { ...interactiveShareJob, lane: ports.lane },
    {
      facts,
      index: signerAt(signersOf(facts), party.index),
      signed,
      presignature,
      session: party.sessionId,
      readies,
      secret: { presignature: secret },
    },
  );
  if (!made.ok) throw new Bug('a share is made of an own presignature');
  return made.value.body;
}
