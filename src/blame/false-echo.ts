import { digestBytes, TO_ALL, type SignedMessage } from '../mpc/index.js';
import { decode, Echo } from '../wire/index.js';
import { participantKeys } from './participant-keys.js';
import type { Accused } from './kind-judge.js';

const SUFFIX = '-echo';

/**
 * Whether an echo of a round that all participants speak in shows what they have not signed: fewer or more broadcasts than there are
 * participants, or one without its sender's signature.
 */
export function isFalseEcho(
  { genesis, verify, attempt }: Accused,
  [echo, more]: readonly SignedMessage[],
): boolean {
  if (echo?.body === undefined || more !== undefined || echo.to !== TO_ALL) return false;
  if (!echo.kind.endsWith(SUFFIX)) return false;
  const kind = echo.kind.slice(0, -SUFFIX.length);
  const keys = participantKeys(genesis, attempt);
  const heard = decode(Echo, echo.body)?.heard;
  if (heard === undefined) return false;
  if (heard.length !== keys.length) return true;
  return keys.some((key, at) => {
    const said = heard[at];
    if (key === undefined || said === undefined) return false;
    const bytes = digestBytes(attempt.sessionId, kind, at + 1, TO_ALL, said.digest);
    return !verify.identity(key, bytes, said.signature);
  });
}
