import { equal, fromHex } from '../../common/index.js';
import type { Millis, Result } from '../../common/index.js';
import type { SignatureKey } from '../../ports/index.js';
import { CHAIN_BYTES_MAX, SERIAL_BYTES_MAX } from '../limits.js';
import {
  malformed,
  Malformed,
  objectIdentifier,
  readAll,
  TAG,
  unsigned,
  wholeBits,
} from './der.js';
import type { Der } from './der.js';
import { readUsage } from './extensions.js';
import type { Usage } from './extensions.js';
import { rawSignature } from './signature.js';
import { readTime } from './time.js';

/** The fields of a certificate of the narrow profile (`certs/README.md`). Names are compared as bytes, and not read. */
export type Certificate = {
  /** All of it, DER. */
  readonly bytes: Uint8Array;
  /** Big-endian, without zeros in front. */
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: Millis;
  readonly notAfterMs: Millis;
  readonly key: SignatureKey;
  /** The SubjectPublicKeyInfo that holds the key, DER. */
  readonly keyInfo: Uint8Array;
  readonly usage: Usage;
  /** The bytes that its issuer signed, by an algorithm of this kind. */
  readonly signed: Uint8Array;
  readonly signedBy: SignatureKey['kind'];
  /** 64 bytes. */
  readonly signature: Uint8Array;
};

/** AlgorithmIdentifier of signatures: ecdsa-with-SHA256 (RFC 5758 §3.2) and Ed25519 (RFC 8410 §3), without parameters. */
const SIGNATURES = [
  { kind: 'p256', bytes: hex('300a06082a8648ce3d040302') },
  { kind: 'ed25519', bytes: hex('300506032b6570') },
] as const;

/** SubjectPublicKeyInfo up to the key: P-256, the point not compressed (RFC 5480 §2), and Ed25519 (RFC 8410 §4). */
const KEYS = [
  { kind: 'p256', prefix: hex('3059301306072a8648ce3d020106082a8648ce3d030107034200'), bytes: 65 },
  { kind: 'ed25519', prefix: hex('302a300506032b6570032100'), bytes: 32 },
] as const;

const VERSION_3 = 2;
const POINT_NOT_COMPRESSED = 4;
const CONTEXT = { version: 0xa0, extensions: 0xa3 } as const;
/** Kinds of text in names. */
const TEXTS = [TAG.utf8, TAG.printable, TAG.ia5];

/** Reads one certificate of the narrow profile. Total: any bytes give it, or what is wrong with it; never a throw. */
export function readCertificate(bytes: Uint8Array): Result<Certificate, string> {
  if (bytes.length > CHAIN_BYTES_MAX) return { ok: false, refusal: 'it is too long' };
  try {
    return { ok: true, value: readOuter(bytes) };
  } catch (error) {
    // A mistake of ours must not end every node that applies the entry.
    return {
      ok: false,
      refusal: error instanceof Malformed ? error.message : 'it cannot be read',
    };
  }
}

/** Certificate (RFC 5280 §4.1). */
function readOuter(bytes: Uint8Array): Certificate {
  const what = 'the certificate';
  return readAll(bytes, what, (all) =>
    all.inside(TAG.sequence, what, (outer) => {
      const signed = outer.whole(TAG.sequence, 'the part that is signed');
      const algorithm = outer.whole(TAG.sequence, 'the algorithm of its signature');
      const signedBy = SIGNATURES.find((each) => equal(each.bytes, algorithm))?.kind;
      if (signedBy === undefined) return malformed('it is not signed with P-256 or Ed25519');
      const signature = rawSignature(signedBy, wholeBits(outer, 'the signature'));
      if (signature === undefined) return malformed('its signature is not well formed');
      return { ...readSigned(signed, algorithm), bytes, signed, signedBy, signature };
    }),
  );
}

function readSigned(signed: Uint8Array, algorithm: Uint8Array): Inner {
  const what = 'the part that is signed';
  return readAll(signed, what, (all) =>
    all.inside(TAG.sequence, what, (der) => readInner(der, algorithm)),
  );
}

type Inner = Omit<Certificate, 'bytes' | 'signed' | 'signedBy' | 'signature'>;

/** TBSCertificate (RFC 5280 §4.1). */
function readInner(der: Der, algorithm: Uint8Array): Inner {
  const version = der.inside(CONTEXT.version, 'the version', (each) =>
    unsigned(each, 'the version'),
  );
  if (version.length !== 1 || version[0] !== VERSION_3) malformed('it is not of version 3');
  const serial = unsigned(der, 'the serial number');
  if (serial.every((byte) => byte === 0)) malformed('the serial number is zero');
  if (serial.length > SERIAL_BYTES_MAX) malformed('the serial number is too long');
  if (!equal(der.whole(TAG.sequence, 'the inner algorithm'), algorithm))
    malformed('it names two algorithms for its signature');
  const issuer = readName(der, 'the issuer');
  if (issuer.length === EMPTY_NAME_BYTES) malformed('the issuer has no name');
  const [notBeforeMs, notAfterMs] = der.inside(TAG.sequence, 'the validity', (each) => [
    readTime(each, 'the time it begins'),
    readTime(each, 'the time it ends'),
  ]);
  if (notBeforeMs > notAfterMs) malformed('it ends before it begins');
  const subject = readName(der, 'the subject');
  const keyInfo = der.whole(TAG.sequence, 'the public key');
  const key = readKey(keyInfo);
  const usage = der.inside(CONTEXT.extensions, 'the extensions', readUsage);
  if (usage.kind === 'authority' && subject.length === EMPTY_NAME_BYTES)
    malformed('an authority has no name');
  return { serial, issuer, subject, notBeforeMs, notAfterMs, key, keyInfo, usage };
}

const EMPTY_NAME_BYTES = 2;

/** A Name of attributes one by one, each some text. It is compared as a whole: one spelling, one name. */
function readName(der: Der, what: string): Uint8Array {
  const name = der.whole(TAG.sequence, what);
  readAll(name, what, (all) =>
    all.inside(TAG.sequence, what, (list) => {
      while (!list.done) list.inside(TAG.set, what, (set) => readAttribute(set, what));
    }),
  );
  return name;
}

function readAttribute(set: Der, what: string): void {
  set.inside(TAG.sequence, what, (attribute) => {
    objectIdentifier(attribute, what);
    const tag = TEXTS.find((each) => attribute.next(each));
    if (tag === undefined) return malformed(`${what} holds something that is no text`);
    attribute.take(tag, what);
  });
}

function readKey(info: Uint8Array): SignatureKey {
  for (const { kind, prefix, bytes: length } of KEYS) {
    const key = info.subarray(prefix.length);
    if (!equal(info.subarray(0, prefix.length), prefix) || key.length !== length) continue;
    if (kind === 'p256' && key[0] !== POINT_NOT_COMPRESSED) continue;
    return { kind, bytes: key };
  }
  return malformed('its key is neither of P-256, not compressed, nor of Ed25519');
}

function hex(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array();
}
