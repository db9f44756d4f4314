import { refusal, refuse } from '../../common/index.js';
import { keyHashName, SERIAL_BYTES_MAX, serialName } from '../../identity/index.js';
import type { RevocationName } from '../../identity/index.js';
import {
  CertificateRevokedResult,
  decode,
  encode,
  RevokeCertificateRequest,
} from '../../wire/index.js';
import type { TaskRecord } from '../../wire/index.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import { HASH_BYTES, REVOCATIONS_LEVEL, REVOCATIONS_MAX } from '../limits.js';
import { METHODS } from '../methods.js';
import { checkId, notCanonical, refuseField } from '../request-fields.js';
import { isRevoked, revocationCount, revoke } from '../revocations.js';

export type ParsedRevokeCertificate = ParsedRequest & {
  readonly kind: 'revoke-certificate';
  readonly name: RevocationName;
  readonly serial: Uint8Array;
  readonly keyHash: Uint8Array;
  readonly allowOwn: boolean;
};

/** Ends what certificates of one serial number or key are good for, for good. Done by being applied. */
export const revokeCertificateRules: KindRules<ParsedRevokeCertificate> = {
  kind: 'revoke-certificate',
  level: REVOCATIONS_LEVEL,
  method: METHODS.revokeCertificate,
  askers: { roles: ['operator'], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(RevokeCertificateRequest, bytes);
    if (request === undefined) return notCanonical('RevokeCertificateRequest');
    const { requestId, serial, keyHash, allowOwn } = request;
    const wrong = checkId('request_id', requestId);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    if ((serial.length === 0) === (keyHash.length === 0)) {
      return refuseField(
        'serial',
        'INVALID_REVOCATION',
        'Give a serial number or a key, and not both',
      );
    }
    if (serial.length > SERIAL_BYTES_MAX || serial[0] === 0) {
      const words = `serial has 1 to ${SERIAL_BYTES_MAX} bytes, without zeros in front`;
      return refuseField('serial', 'INVALID_REVOCATION', words);
    }
    if (keyHash.length !== 0 && keyHash.length !== HASH_BYTES) {
      return refuseField('key_hash', 'INVALID_REVOCATION', `key_hash has ${HASH_BYTES} bytes`);
    }
    const name = serial.length > 0 ? serialName(serial) : keyHashName(keyHash);
    const value = {
      kind: 'revoke-certificate',
      requestId,
      name,
      serial,
      keyHash,
      allowOwn,
    } as const;
    return { ok: true, value };
  },

  checkAccess: () => undefined,

  checkSigner({ name, allowOwn }, names) {
    if (allowOwn || !names.includes(name)) return undefined;
    return refusal(
      'wrong-state',
      'REVOKES_ITSELF',
      'The request is signed with a certificate that it would revoke: its signer, perhaps the last operator, could ask for ' +
        'nothing more. Sign with another certificate, or say allow_own',
      { field: 'allow_own' },
    );
  },

  admit(view, { name }) {
    if (revocationCount(view) >= REVOCATIONS_MAX && !isRevoked(view, [name])) {
      return refuse(
        'overloaded',
        'TOO_MANY_REVOCATIONS',
        `The cluster keeps ${REVOCATIONS_MAX} revocations at most, for good: revoke the key of an authority instead`,
      );
    }
    return { ok: true, value: { participants: [], key: undefined } };
  },

  participants: () => [],
  fitsAttempt: () => false,

  open(draft, { record, asked: { name, serial, keyHash } }) {
    const { createTimeMs: timeMs, requester, taskId } = record;
    revoke(draft, name, { timeMs, requester, taskId });
    return encode(CertificateRevokedResult, { serial, keyHash });
  },

  effects: (_, { asked: { name } }) => [{ type: 'certificate-revoked', name }],
  result: () => undefined,
  close: () => undefined,
};

/** The result of a task that revoked certificates; `undefined` for any other. */
export function certificateRevokedOf({
  kind,
  outcome,
}: TaskRecord): CertificateRevokedResult | undefined {
  return kind === revokeCertificateRules.kind && outcome?.$case === 'result'
    ? decode(CertificateRevokedResult, outcome.value)
    : undefined;
}
