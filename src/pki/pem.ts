import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Result } from '../common/index.js';

const BEGIN_CERTIFICATE = '-----BEGIN CERTIFICATE-----';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** PKCS #8, and the older form in which a header says it. */
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;
const BEGIN_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/**
 * The private key in a PEM file, or why there is none, in words that follow the file's name. OpenSSL's own words (`DECODER
 * routines::unsupported`) are of no help to a person.
 */
export function readPrivateKey(pem: string): Result<KeyObject, string> {
  if (ENCRYPTED.test(pem)) {
    return refused(
      'is encrypted, and there is no passphrase for it: write it without one (openssl pkey -in FILE -out key.pem), mode 0600',
    );
  }
  if (!BEGIN_KEY.test(pem)) return refused(noPem(pem, 'private key'));
  try {
    return { ok: true, value: createPrivateKey(pem) };
  } catch {
    return refused('holds a private key that cannot be read: the file is damaged or cut off');
  }
}

/** The certificates of a PEM file in their order, at least one, or why there is none, in words that follow the file's name. */
export function readCertificates(
  pem: string,
): Result<readonly [X509Certificate, ...X509Certificate[]], string> {
  const begun = pem.split(BEGIN_CERTIFICATE).length - 1;
  if (begun === 0) return refused(noPem(pem, 'certificate'));
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length !== begun)
    return refused('holds a certificate without an end: the file is damaged or cut off');
  try {
    const [first, ...more] = blocks.map((block) => new X509Certificate(block));
    return first === undefined
      ? refused(noPem(pem, 'certificate'))
      : { ok: true, value: [first, ...more] };
  } catch {
    return refused('holds a certificate that cannot be read: the file is damaged');
  }
}

function noPem(text: string, what: string): string {
  if (text.trim() === '') return 'is empty';
  // The first byte of a DER sequence, which certificates, keys and PKCS #12 files are.
  if (text.startsWith('0') && !text.includes('-----BEGIN'))
    return `is binary (DER or PKCS #12): write it as PEM (openssl x509, pkey or pkcs12)`;
  return `holds no ${what} in PEM`;
}

function refused(refusal: string): Result<never, string> {
  return { ok: false, refusal };
}
