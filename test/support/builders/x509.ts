import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { concat, fromHex, utf8 } from '../../../src/common/index.js';

/** A writer of DER, and of whatever is almost DER. */

export const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', '')) ?? fail(text);

function fail(text: string): never {
  throw new Error(`no hex: ${text}`);
}

/** Tag, length in its shortest form, contents. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const contents = concat(...parts);
  const { length } = contents;
  const header =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...header), contents);
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...parts);
export const octets = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x04, ...parts);
export const oid = (bytes: string): Uint8Array => tlv(0x06, hex(bytes));
export const utcTime = (text: string): Uint8Array => tlv(0x17, utf8(text));
export const generalizedTime = (text: string): Uint8Array => tlv(0x18, utf8(text));
export const TRUE = hex('0101ff');

export const P256_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
export const ED25519 = sequence(oid('2b6570'));

export const commonName = (text: string): Uint8Array =>
  sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, utf8(text)))));

export const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octets(value));

const BASIC_CONSTRAINTS = '551d13';
const KEY_USAGE = '551d0f';
const NAMES = '551d11';

export const basicConstraints = (value: Uint8Array, critical = true): Uint8Array =>
  extension(BASIC_CONSTRAINTS, critical, sequence(value));
/** @param bits - Contents of the bit string: unused bits, then bits. */
export const keyUsage = (bits: string, critical = true): Uint8Array =>
  extension(KEY_USAGE, critical, tlv(0x03, hex(bits)));
export const alternativeNames = (...names: readonly Uint8Array[]): Uint8Array =>
  extension(NAMES, false, sequence(...names));
export const uri = (text: string): Uint8Array => tlv(0x86, utf8(text));

export const DIGITAL_SIGNATURE = '0780';
export const CERT_SIGN = '0204';

export type Keys = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
export const p256Keys = (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const ed25519Keys = (): Keys => generateKeyPairSync('ed25519');

/** The parts of a certificate, each of which a test may put something else for. */
export type Draft = {
  version: Uint8Array;
  serial: Uint8Array;
  innerAlgorithm: Uint8Array;
  issuer: Uint8Array;
  validity: Uint8Array;
  subject: Uint8Array;
  key: Uint8Array;
  /** Between key and extensions: unique identifiers, in certificates of long ago. */
  between: Uint8Array;
  extensions: Uint8Array[];
  /** Instead of the list of them. */
  wholeExtensions: Uint8Array | undefined;
  algorithm: Uint8Array;
  /** Makes the whole out of its three parts. */
  whole: (signed: Uint8Array, algorithm: Uint8Array, signature: Uint8Array) => Uint8Array;
  /** Over the part that is signed. */
  signature: (signed: Uint8Array) => Uint8Array;
};

export const signedBy =
  ({ privateKey }: Keys) =>
  (bytes: Uint8Array): Uint8Array => {
    const ed25519 = privateKey.asymmetricKeyType === 'ed25519';
    return new Uint8Array(sign(ed25519 ? null : 'sha256', bytes, privateKey));
  };

/** A good certificate of `subject` with `keys`, not signed yet by `issuer`. */
export function draftOf(
  parts: { readonly subject: string; readonly keys: Keys; readonly extensions: Uint8Array[] },
  issuer: { readonly name: string; readonly keys: Keys },
): Draft {
  const ed25519 = issuer.keys.privateKey.asymmetricKeyType === 'ed25519';
  const algorithm = ed25519 ? ED25519 : P256_WITH_SHA256;
  return {
    version: tlv(0xa0, hex('020102')),
    serial: hex('020105'),
    innerAlgorithm: algorithm,
    issuer: commonName(issuer.name),
    validity: sequence(utcTime('240101000000Z'), utcTime('340101000000Z')),
    subject: commonName(parts.subject),
    key: new Uint8Array(parts.keys.publicKey.export({ format: 'der', type: 'spki' })),
    between: new Uint8Array(0),
    extensions: parts.extensions,
    wholeExtensions: undefined,
    algorithm,
    whole: sequence,
    signature: signedBy(issuer.keys),
  };
}

/** The certificate that a draft describes, DER but for what the test spoiled. */
export function certificateOf(draft: Draft): Uint8Array {
  const extensions = draft.wholeExtensions ?? tlv(0xa3, sequence(...draft.extensions));
  const signed = sequence(
    draft.version,
    draft.serial,
    draft.innerAlgorithm,
    draft.issuer,
    draft.validity,
    draft.subject,
    draft.key,
    draft.between,
    extensions,
  );
  const signature = tlv(0x03, Uint8Array.of(0), draft.signature(signed));
  return draft.whole(signed, draft.algorithm, signature);
}

export const pemOf = (der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
};
