import { utf8 } from '../../../src/common/index.js';
import { sha256 } from '../../../src/crypto/index.js';
import { METHODS } from '../../../src/state/index.js';
import { encode, Gg20Profile, Hash, SignRequest } from '../../../src/wire/index.js';
import { askForKey, type KeyRequests } from '../requests.js';
import { GG20_ALGORITHMS } from './tables.js';

/** The bytes that a text's digest is signed of without the message. */
const BARE = 'bare ';

/** Keys of both curves in one profile; messages that every node hashes itself, and bare digests. */
export const GG20_KEYS: KeyRequests = {
  keysMax: 2,
  signEveryMs: [1_000, 5_000],
  patience: 4,
  needMaterial: true,
  askForKey(rng, number, nodes) {
    const algorithm = rng.pick(GG20_ALGORITHMS);
    return askForKey(rng, number, nodes, { algorithm, gg20Profile: Gg20Profile.P2048 });
  },
  askToSign(key, requestId, text, expiresInMs, requester = key.requester) {
    const { keyId } = key;
    // The number at its end makes every third text a bare digest, whoever asks, and however often.
    const isBare = utf8(text).reduce((sum, byte) => sum + byte, 0) % 3 === 0;
    const digest = sha256(utf8(isBare ? `${BARE}${text}` : text));
    const bytes = encode(SignRequest, {
      requestId,
      keyId,
      payload: isBare
        ? { $case: 'digest', value: digest }
        : { $case: 'message', value: utf8(text) },
      derivationPath: [],
      hash: isBare ? Hash.UNSPECIFIED : Hash.SHA256,
    });
    return { method: METHODS.sign, bytes, requester, requestId, key, signed: digest, expiresInMs };
  },
};
