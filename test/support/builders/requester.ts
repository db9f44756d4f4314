import { Metadata } from '@grpc/grpc-js';
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import type { ClusterId, Millis } from '../../../src/common/index.js';
import { REQUEST_METADATA, requestBytes } from '../../../src/identity/index.js';
import type { Role } from '../../../src/identity/index.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';
import type { Credential } from '../../../src/pki/index.js';
import type { Authorization } from '../../../src/wire/index.js';

export type SignedParts = {
  readonly clusterId: ClusterId;
  readonly method: string;
  readonly expireTimeMs: Millis;
  readonly request: Uint8Array;
};

/** Somebody with a certificate, who signs requests as any client would, without the client library. */
export class Requester {
  readonly credential: Credential;
  readonly spiffeId: string;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];

  constructor(credential: Credential, spiffeId: string) {
    this.credential = credential;
    this.spiffeId = spiffeId;
    this.chain = [new Uint8Array(new X509Certificate(credential.certificate).raw)];
  }

  sign(parts: SignedParts): Authorization {
    const { clusterId, method, expireTimeMs, request } = parts;
    const bytes = requestBytes(clusterId, method, expireTimeMs, request);
    const key = createPrivateKey(this.credential.privateKey);
    const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key);
    return {
      certificates: [...this.chain],
      signature: new Uint8Array(signature),
      expireTimeMs: BigInt(expireTimeMs),
    };
  }
}

/** A signed request's metadata, as a call carries it. */
export function metadataOf({ certificates, signature, expireTimeMs }: Authorization): Metadata {
  const metadata = new Metadata();
  metadata.set(REQUEST_METADATA.signature, Buffer.from(signature));
  metadata.set(REQUEST_METADATA.certificate, Buffer.concat(certificates));
  metadata.set(REQUEST_METADATA.expiry, String(expireTimeMs));
  return metadata;
}

/** An authority of requesters, and whom it certifies; its certificates are good from `nowMs` on. */
export class RequesterAuthority {
  readonly credential: Credential;
  readonly #nowMs: Millis;

  private constructor(credential: Credential, nowMs: Millis) {
    this.credential = credential;
    this.#nowMs = nowMs;
  }

  static async create(nowMs: Millis, days = 365): Promise<RequesterAuthority> {
    return new RequesterAuthority(await createAuthority('requesters', days, nowMs), nowMs);
  }

  /** @param fromMs - From when on its certificate is good. */
  async requester(
    role: Role,
    name: string,
    days = 30,
    fromMs: Millis = this.#nowMs,
  ): Promise<Requester> {
    const request = { role, name, dns: [], ips: [], days };
    const credential = await issueCertificate(this.credential, request, fromMs);
    return new Requester(credential, `spiffe://quorate/${role}/${name}`);
  }
}
