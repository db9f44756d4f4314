import { equal } from '../common/index.js';
import { bodyDigest, digestBytes } from '../mpc/index.js';
import type { SignedMessage } from '../mpc/index.js';
import type { Evidence, ShownMessage } from '../wire/index.js';
import { participantKeys } from './participant-keys.js';
import type { Accused, MessagesBeside } from './kind-judge.js';

/** The messages, if the accused signed each of them as this kind of message of this session. */
export function signedBy(
  { verify, attempt, identityKey }: Accused,
  shown: readonly ShownMessage[],
): readonly SignedMessage[] | undefined {
  return ifAll(shown, (each) => signedMessage(verify, attempt.sessionId, identityKey, each));
}

/** The messages beside those of the accused in this session, if whoever they name signed each of them. */
export function messagesBeside(
  { genesis, verify, attempt, identityKey }: Accused,
  { others, earlier, named, material }: Pick<Evidence, 'others' | 'earlier' | 'named' | 'material'>,
): MessagesBeside | undefined {
  const keys = participantKeys(genesis, attempt);
  const ofOthers = ifAll(others, (each) => {
    const key = keys[each.from - 1];
    return key && signedMessage(verify, attempt.sessionId, key, each);
  });
  const before = ifAll(earlier, ({ sessionId: other, message: shown }) => {
    const isOther = shown !== undefined && !equal(other, attempt.sessionId);
    const message = isOther ? signedMessage(verify, other, identityKey, shown) : undefined;
    return message && { sessionId: other, message };
  });
  return ofOthers && before && { others: ofOthers, earlier: before, named, material };
}

/** The message of a session, if the key's holder signed it. */
function signedMessage(
  verify: Accused['verify'],
  sessionId: Uint8Array,
  identityKey: Uint8Array,
  { kind, from, to, said }: ShownMessage,
): SignedMessage | undefined {
  if (said === undefined) return undefined;
  const body = said.$case === 'body' ? said.value.body : undefined;
  const digest = said.$case === 'body' ? bodyDigest(said.value.body) : said.value.digest;
  const bytes = digestBytes(sessionId, kind, from, to, digest);
  const isSigned = verify.identity(identityKey, bytes, said.value.signature);
  return isSigned ? { kind, from, to, digest, body } : undefined;
}

/** Makes something of each; nothing where nothing is made of one. */
function ifAll<V, W>(
  values: readonly V[],
  make: (value: V) => W | undefined,
): readonly W[] | undefined {
  const made: W[] = [];
  for (const value of values) {
    const one = make(value);
    if (one === undefined) return undefined;
    made.push(one);
  }
  return made;
}
