import type { RevokeCertificateRequest } from '../wire/index.js';

/** The thing that is revoked: one serial number, or one key with every certificate that has it. */
export type RevokeCertificateInput = (
  | {
      /** Big-endian, without zeros in front. */
      readonly serial: Uint8Array;
      readonly keyHash?: undefined;
    }
  | {
      /** SHA-256 of the SubjectPublicKeyInfo in DER. */
      readonly keyHash: Uint8Array;
      readonly serial?: undefined;
    }
) & {
  /** Go on though the request is signed with such a certificate: its answer may not arrive, and nothing can be asked for later. */
  readonly allowOwn?: boolean | undefined;
  /** Go on though a node shows such a certificate: it is cut off until it has another. */
  readonly allowNode?: boolean | undefined;
  readonly requestId?: string | undefined;
};

export function revokeRequest(
  { serial, keyHash, allowOwn = false, allowNode = false }: RevokeCertificateInput,
  requestId: string,
): RevokeCertificateRequest {
  const none = new Uint8Array(0);
  return { requestId, serial: serial ?? none, keyHash: keyHash ?? none, allowOwn, allowNode };
}
