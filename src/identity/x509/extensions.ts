import { toHex } from '../../common/index.js';
import { parseSpiffe } from '../spiffe.js';
import type { Identity } from '../spiffe.js';
import { EXTENSIONS_MAX } from '../limits.js';
import type { Der } from './der.js';
import { malformed, namedBits, objectIdentifier, readAll, TAG, unsigned } from './der.js';

/** The uses that a certificate permits. */
export type Usage =
  | {
      readonly kind: 'authority';
      /** How many authorities may stand between this one and a leaf. */
      readonly authoritiesBelowMax: number;
    }
  | { readonly kind: 'leaf'; readonly identity: Identity };

/** Extensions that are read, by the hex of their identifiers (RFC 5280 §4.2.1). */
const OID = {
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  extendedKeyUsage: '551d25',
  subjectKeyIdentifier: '551d0e',
  authorityKeyIdentifier: '551d23',
} as const;
/** Extensions that take away rights in ways that are not read here: an authority that uses one means it, critical or not. */
const RESTRICTING = new Map([
  ['551d1e', 'name constraints'],
  ['551d24', 'policy constraints'],
  ['551d36', 'inhibit any policy'],
]);
const KNOWN: ReadonlySet<string> = new Set(Object.values(OID));

const CLIENT_AUTHENTICATION = '2b06010505070302';
const USE = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;
/** Kinds of names in a subject alternative name that the profile takes. */
const NAME = { dns: 0x82, uri: 0x86, ip: 0x87 } as const;

type Extension = { readonly critical: boolean; readonly value: Uint8Array };

/** Reads a certificate's extensions and holds them against the profile: an authority's, or a leaf's. */
export function readUsage(der: Der): Usage {
  const extensions = readExtensions(der);
  const authoritiesBelowMax = readBasicConstraints(extensions.get(OID.basicConstraints));
  const uses = readKeyUsage(extensions.get(OID.keyUsage));
  readExtendedKeyUsage(extensions.get(OID.extendedKeyUsage));
  if (authoritiesBelowMax !== undefined) {
    if (!uses(USE.keyCertSign)) malformed('an authority may not sign certificates');
    return { kind: 'authority', authoritiesBelowMax };
  }
  if (!uses(USE.digitalSignature)) malformed('its key may not make signatures');
  if (uses(USE.keyCertSign) || uses(USE.cRLSign))
    malformed('its key may sign certificates, and it is no authority');
  return { kind: 'leaf', identity: readNames(extensions.get(OID.subjectAltName)) };
}

function readExtensions(der: Der): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  der.inside(TAG.sequence, 'the list of extensions', (list) => {
    while (!list.done) {
      list.inside(TAG.sequence, 'an extension', (each) => readExtension(each, found));
    }
  });
  if (found.size === 0) malformed('the list of extensions is empty');
  return found;
}

function readExtension(der: Der, found: Map<string, Extension>): void {
  const id = toHex(objectIdentifier(der, "an extension's identifier"));
  const critical = der.next(TAG.boolean);
  // DER leaves a default out (X.690 §11.5) and spells true in one way (§11.1).
  if (critical && toHex(der.take(TAG.boolean, 'critical')) !== 'ff')
    malformed('critical is neither left out nor true');
  const value = der.take(TAG.octets, "an extension's value");
  if (found.has(id)) malformed('an extension stands twice');
  if (found.size === EXTENSIONS_MAX) malformed(`it has more than ${EXTENSIONS_MAX} extensions`);
  const restricts = RESTRICTING.get(id);
  if (restricts !== undefined) malformed(`it has ${restricts}, which are not read here`);
  if (critical && !KNOWN.has(id)) malformed('a critical extension is not known');
  found.set(id, { critical, value });
}

/** @returns For an authority how many more may stand below it, `undefined` for a leaf. */
function readBasicConstraints(extension: Extension | undefined): number | undefined {
  if (extension === undefined) return undefined;
  const what = 'basic constraints';
  return readAll(extension.value, what, (all) =>
    all.inside(TAG.sequence, what, (der) => {
      if (der.done) return undefined;
      if (toHex(der.take(TAG.boolean, 'CA')) !== 'ff') malformed('CA is neither left out nor true');
      if (!extension.critical) malformed('basic constraints of an authority are not critical');
      if (der.done) return Number.POSITIVE_INFINITY;
      const [length = 0, ...more] = unsigned(der, 'the path length');
      return more.length === 0 ? length : malformed('the path length is out of all bounds');
    }),
  );
}

function readKeyUsage(extension: Extension | undefined): (bit: number) => boolean {
  if (extension === undefined) return malformed('it has no key usage');
  if (!extension.critical) malformed('key usage is not critical');
  return readAll(extension.value, 'key usage', (der) => namedBits(der, 'key usage'));
}

/** Where there is one, it must permit what requesters do. */
function readExtendedKeyUsage(extension: Extension | undefined): void {
  if (extension === undefined) return;
  const what = 'extended key usage';
  const uses = readAll(extension.value, what, (all) =>
    all.inside(TAG.sequence, what, (der) => {
      const found: string[] = [];
      while (!der.done) found.push(toHex(objectIdentifier(der, what)));
      return found;
    }),
  );
  if (!uses.includes(CLIENT_AUTHENTICATION))
    malformed('extended key usage does not permit client authentication');
}

/** The identity that a leaf names: its only URI, a SPIFFE id of this project's spelling. */
function readNames(extension: Extension | undefined): Identity {
  if (extension === undefined) return malformed('it has no alternative name');
  const what = 'the alternative names';
  const uris = readAll(extension.value, what, (all) =>
    all.inside(TAG.sequence, what, (der) => {
      const found: string[] = [];
      while (!der.done) {
        const uri = readName(der);
        if (uri !== undefined) found.push(uri);
      }
      return found;
    }),
  );
  const [uri, second] = uris;
  if (uri === undefined) return malformed('its alternative names hold no URI');
  if (second !== undefined) malformed('its alternative names hold more than one URI');
  return parseSpiffe(uri) ?? malformed('its URI is not spiffe://quorate/<role>/<name>');
}

/** The next name if it is a URI; addresses are for TLS. */
function readName(der: Der): string | undefined {
  if (der.next(NAME.uri)) return String.fromCharCode(...der.take(NAME.uri, 'a URI'));
  if (der.next(NAME.dns)) {
    const name = der.take(NAME.dns, 'a DNS name');
    if (name.some((byte) => byte <= 0x20 || byte >= 0x7f)) malformed('a DNS name is not ASCII');
    return undefined;
  }
  const { length } = der.take(NAME.ip, 'an alternative name that is no URI, DNS name or address');
  if (length !== 4 && length !== 16) malformed('an address is neither of IPv4 nor of IPv6');
  return undefined;
}
