import { createPrivateKey, createPublicKey, verify } from 'node:crypto';

import {
  alternativeNames,
  basicConstraints,
  CERT_SIGN,
  certificateOf,
  DIGITAL_SIGNATURE,
  draftOf,
  extension,
  keyUsage,
  oid,
  pemOf,
  sequence,
  signedBy,
  TRUE,
  uri,
  type Keys,
} from '../../support/builders/x509.js';
import type { SignedParts } from '../../support/builders/requester.js';
import { requestBytes } from '../../../src/identity/index.js';
import type { ClusterId } from '../../../src/common/index.js';
import type { Authorization, Request } from '../../../src/wire/index.js';
import type { Rng } from '../rng.js';

/** DER of a private key of Ed25519, up to the key itself (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;
const CLIENT_AUTHENTICATION = oid('2b06010505070302');
const EXTENDED_KEY_USAGE = '551d25';

function keysOf(rng: Rng): Keys {
  const der = Buffer.concat([PKCS8, rng.bytes(SEED_BYTES)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** An operator who signs requests, and the authority that certifies it. Keys and signatures are the same in each run of a seed. */
export class SimulatedOperator {
  readonly spiffeId = 'spiffe://quorate/operator/alice';
  /** Of the authority. */
  readonly pem: string;
  readonly #chain: readonly Uint8Array[];
  readonly #keys: Keys;

  constructor(rng: Rng) {
    const root = { name: 'requesters', keys: keysOf(rng) };
    this.#keys = keysOf(rng);
    const extensions = [basicConstraints(TRUE), keyUsage(CERT_SIGN)];
    this.pem = pemOf(
      certificateOf(draftOf({ subject: root.name, keys: root.keys, extensions }, root)),
    );
    const own = [
      basicConstraints(new Uint8Array(0)),
      keyUsage(DIGITAL_SIGNATURE),
      extension(EXTENDED_KEY_USAGE, false, sequence(CLIENT_AUTHENTICATION)),
      alternativeNames(uri(this.spiffeId)),
    ];
    const leaf = draftOf({ subject: 'alice', keys: this.#keys, extensions: own }, root);
    this.#chain = [certificateOf(leaf)];
  }

  /** This operator's id, where it has signed the request. */
  signerOf(clusterId: ClusterId, { method, request, authorization }: Request): string | undefined {
    const by = authorization?.by;
    if (by?.$case !== 'signed') return undefined;
    const { expireTimeMs, signature } = by.value;
    const bytes = requestBytes(clusterId, method, expireTimeMs, request);
    return verify(null, bytes, this.#keys.publicKey, signature) ? this.spiffeId : undefined;
  }

  sign = ({ clusterId, method, expireTimeMs, request }: SignedParts): Authorization => {
    const bytes = requestBytes(clusterId, method, expireTimeMs, request);
    return {
      certificates: [...this.#chain],
      signature: signedBy(this.#keys)(bytes),
      expireTimeMs: BigInt(expireTimeMs),
    };
  };
}
