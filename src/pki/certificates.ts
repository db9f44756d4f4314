import type * as X509 from '@peculiar/x509';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { assert, ClusterError, isId, toHex } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { Role } from '../identity/index.js';
import { hostKindOf, systemRandom } from '../machine/index.js';

/** A certificate and its private key, both PEM (the key PKCS #8). */
export type Credential = { readonly certificate: string; readonly privateKey: string };

/** The fields of a leaf certificate. */
export type LeafRequest = {
  readonly role: Role;
  /** For nodes, the node id. */
  readonly name: string;
  readonly dns: readonly string[];
  /** Without zone ids. */
  readonly ips: readonly string[];
  readonly days: number;
  /** P-256 unless given. */
  readonly keyType?: KeyType;
};

/** Kinds of keys that the profile has. Not every TLS library takes Ed25519. */
export const KEY_TYPES = ['p256', 'ed25519'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** The library, once a certificate is to be made: loading it takes longer than most commands. */
async function library(): Promise<typeof X509> {
  // @peculiar/x509 needs this loaded before itself.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto);
  return x509;
}

/** As Web Cryptography names them: to make keys of a kind, and to sign with them. */
const ALGORITHMS = {
  p256: {
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    signing: { name: 'ECDSA', hash: 'SHA-256' },
  },
  ed25519: { key: { name: 'Ed25519' }, signing: { name: 'Ed25519' } },
} as const;
const DAY_MS = 86_400_000;
const DAYS_MAX = 3_650;
/** A certificate is good a little before it is made: other machines' clocks differ. */
const EARLIER_MS = 5 * 60_000;
/** 128 bits, the highest of them clear: DER integers have a sign. */
const SERIAL_BYTES = 16;
const NAMES_MAX = 32;
const WILDCARD = /^\*\./;

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
  const x509 = await library();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...validity(nowMs, days),
    keys,
    signingAlgorithm: ALGORITHMS.p256.signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return credential(x509, certificate, keys);
}

/**
 * Issues a certificate of the narrow profile (trust: who vouches for what): one SPIFFE URI
 * `spiffe://quorate/<role>/<name>`, for servers and clients, with a new key. It never outlives its authority.
 *
 * @throws ClusterError `invalid-request` with the field.
 */
export async function issueCertificate(
  authority: Credential,
  request: LeafRequest,
  nowMs: Millis = Date.now(),
): Promise<Credential> {
  const x509 = await library();
  const keys = await generateKeys(request.keyType);
  const certificate = await issue(authority, request, keys.publicKey, nowMs);
  return credential(x509, certificate, keys);
}

/**
 * The same for a key whose private half is elsewhere.
 *
 * @param publicKey - SubjectPublicKeyInfo, DER, of P-256 or Ed25519.
 * @returns the certificate, PEM.
 */
export async function issueForKey(
  authority: Credential,
  request: Omit<LeafRequest, 'keyType'>,
  publicKey: Uint8Array,
  nowMs: Millis = Date.now(),
): Promise<string> {
  const certificate = await issue(authority, request, await imported(publicKey), nowMs);
  return `${certificate.toString('pem')}\n`;
}

async function issue(
  authority: Credential,
  request: LeafRequest,
  publicKey: webcrypto.CryptoKey,
  nowMs: Millis,
): Promise<X509.X509Certificate> {
  const x509 = await library();
  const issuer = certificateOf(x509, authority);
  const names = alternativeNames(request);
  if (issuer.notAfter.getTime() <= nowMs)
    throw refused('ca', `The authority's certificate expired on ${issuer.notAfter.toISOString()}`);
  const signer = await signingKeyOf(authority);
  const { notBefore, notAfter } = validity(nowMs, request.days);
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [request.name] }],
    issuer: issuer.subjectName,
    notBefore,
    notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
    publicKey,
    signingKey: signer.key,
    signingAlgorithm: ALGORITHMS[signer.type].signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
}

/** A public key that a certificate is asked for. */
async function imported(spki: Uint8Array): Promise<webcrypto.CryptoKey> {
  let type: KeyType | undefined;
  try {
    type = typeOf(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
  } catch (cause) {
    throw refused('tls_key', 'The public key cannot be read', cause);
  }
  if (type === undefined) throw refused('tls_key', 'The public key is not of P-256 or Ed25519');
  return webcrypto.subtle.importKey('spki', spki, ALGORITHMS[type].key, true, ['verify']);
}

/** A new TLS key of P-256. The caller ends the private half's life where it is written. */
export function createTlsKey(): { readonly privateKey: string; readonly publicKey: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
  };
}

function alternativeNames({ role, name, dns, ips }: LeafRequest): X509.JsonGeneralNames {
  if (!isId(name)) throw refused('name', `"${name}" is no id: a-z, 0-9, - and _, at most 63`);
  if (dns.length + ips.length > NAMES_MAX) throw refused('dns', `More than ${NAMES_MAX} names`);
  const noDns = dns.find((each) => hostKindOf(each.replace(WILDCARD, '')) !== 'dns');
  if (noDns !== undefined) throw refused('dns', `"${noDns}" is no DNS name`);
  const noIp = ips.find((each) => !isIp(each));
  if (noIp !== undefined) throw refused('ips', `"${noIp}" is no IP address`);
  return [
    { type: 'url', value: `spiffe://quorate/${role}/${name}` },
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
}

/**
 * Hosts as a certificate names them: DNS names, with `*.` perhaps, and IP addresses.
 *
 * @throws ClusterError `invalid-request` with the host.
 */
export function alternativeHosts(hosts: readonly string[]): Pick<LeafRequest, 'dns' | 'ips'> {
  const wrong = hosts.find((each) => hostKindOf(each.replace(WILDCARD, '')) === undefined);
  if (wrong !== undefined) {
    const why = wrong.includes('%') ? ' (a zone id means nothing on other machines)' : '';
    throw refused('host', `"${wrong}" is no DNS name or IP address${why}`);
  }
  return { dns: hosts.filter((each) => !isIp(each)), ips: hosts.filter(isIp) };
}

function isIp(text: string): boolean {
  const kind = hostKindOf(text);
  return kind === 'ipv4' || kind === 'ipv6';
}

function validity(nowMs: Millis, days: number): { notBefore: Date; notAfter: Date } {
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX)
    throw refused('days', `Must be a whole number from 1 to ${DAYS_MAX}`);
  return { notBefore: new Date(nowMs - EARLIER_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

async function generateKeys(type: KeyType = 'p256'): Promise<webcrypto.CryptoKeyPair> {
  const made = await webcrypto.subtle.generateKey(ALGORITHMS[type].key, true, ['sign', 'verify']);
  assert('privateKey' in made, 'keys for signatures come in pairs');
  return made;
}

function certificateOf(x509: typeof X509, { certificate }: Credential): X509.X509Certificate {
  try {
    return new x509.X509Certificate(certificate);
  } catch (cause) {
    throw refused('ca', "The authority's certificate cannot be read", cause);
  }
}

/** The authority's private key, which must be that of its certificate, and of the profile. */
async function signingKeyOf({
  certificate,
  privateKey,
}: Credential): Promise<{ readonly type: KeyType; readonly key: webcrypto.CryptoKey }> {
  const key = privateKeyOf(privateKey);
  const type = typeOf(key);
  if (type === undefined) throw refused('ca_key', "The authority's key must be P-256 or Ed25519");
  if (!new X509Certificate(certificate).checkPrivateKey(key))
    throw refused('ca_key', "The private key is not that of the authority's certificate");
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const algorithm = ALGORITHMS[type].key;
  return {
    type,
    key: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
  };
}

function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw refused('ca_key', "The authority's private key cannot be read", cause);
  }
}

function typeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyType | undefined {
  if (asymmetricKeyType === 'ed25519') return 'ed25519';
  return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'p256' : undefined;
}

async function credential(
  x509: typeof X509,
  certificate: X509.X509Certificate,
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

function refused(field: string, message: string, cause?: unknown): ClusterError {
  return new ClusterError('invalid-request', message, {
    field,
    ...(cause === undefined ? {} : { cause }),
  });
}
