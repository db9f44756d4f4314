// @peculiar/x509 wants it there before itself.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { ClusterError, isId, toHex } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { Role } from '../identity/index.js';
import { systemRandom } from './random.js';

/** A certificate and its private key, both PEM (the key PKCS #8). */
export type Credential = { readonly certificate: string; readonly privateKey: string };

/** What a leaf certificate says. */
export type LeafRequest = {
  readonly role: Role;
  /** For nodes, the node id. */
  readonly name: string;
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  readonly days: number;
};

x509.cryptoProvider.set(webcrypto);

const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const DAYS_MAX = 3_650;
/** A certificate is good a little before it is made: other machines' clocks differ. */
const EARLIER_MS = 5 * 60_000;
/** 128 bits, the highest of them clear: DER integers have a sign. */
const SERIAL_BYTES = 16;
const NAMES_MAX = 32;
const DNS_NAME =
  /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * Makes a certificate authority: P-256, self-signed, for leaf certificates only.
 *
 * @param name - Its common name, for people.
 */
export async function createAuthority(
  name: string,
  days: number,
  nowMs: Millis = Date.now(),
): Promise<Credential> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...validity(nowMs, days),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return credential(certificate, keys);
}

/**
 * Issues a certificate of the narrow profile (trust: who vouches for what): P-256, one SPIFFE URI
 * `spiffe://quorate/<role>/<name>`, for servers and clients. It never outlives its authority.
 *
 * @throws ClusterError `invalid-request` with the field.
 */
export async function issueCertificate(
  authority: Credential,
  request: LeafRequest,
  nowMs: Millis = Date.now(),
): Promise<Credential> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const names = alternativeNames(request);
  const keys = await generateKeys();
  const { notBefore, notAfter } = validity(nowMs, request.days);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [request.name] }],
    issuer: issuer.subjectName,
    notBefore,
    notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
    publicKey: keys.publicKey,
    signingKey: await signingKeyOf(authority),
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return credential(certificate, keys);
}

function alternativeNames({ role, name, dns, ips }: LeafRequest): x509.JsonGeneralNames {
  if (!isId(name)) throw refused('name', `"${name}" is no id: a-z, 0-9, - and _, at most 63`);
  if (dns.length + ips.length > NAMES_MAX) throw refused('dns', `More than ${NAMES_MAX} names`);
  const noDns = dns.find((each) => !DNS_NAME.test(each) || each.length > 253);
  if (noDns !== undefined) throw refused('dns', `"${noDns}" is no DNS name`);
  const noIp = ips.find((each) => isIP(each) === 0);
  if (noIp !== undefined) throw refused('ips', `"${noIp}" is no IP address`);
  return [
    { type: 'url', value: `spiffe://quorate/${role}/${name}` },
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
}

function validity(nowMs: Millis, days: number): { notBefore: Date; notAfter: Date } {
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX)
    throw refused('days', `Must be a whole number from 1 to ${DAYS_MAX}`);
  return { notBefore: new Date(nowMs - EARLIER_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}

async function signingKeyOf({ privateKey }: Credential): Promise<webcrypto.CryptoKey> {
  const pkcs8 = createPrivateKey(privateKey).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, KEY, false, ['sign']);
}

async function credential(
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<Credential> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

function serialNumber(): string {
  const bytes = systemRandom.bytes(SERIAL_BYTES);
  // Positive, and never shorter than it looks.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return toHex(bytes);
}

function refused(field: string, message: string): ClusterError {
  return new ClusterError('invalid-request', message, { field });
}
