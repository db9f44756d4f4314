import { describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, utf8 } from '../../../src/common/index.js';
import { readCertificate, Requesters, splitChain } from '../../../src/identity/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';
import {
  alternativeNames,
  basicConstraints,
  CERT_SIGN,
  certificateOf,
  commonName,
  DIGITAL_SIGNATURE,
  draftOf,
  ED25519,
  ed25519Keys,
  extension,
  generalizedTime,
  hex,
  keyUsage,
  octets,
  oid,
  P256_WITH_SHA256,
  p256Keys,
  pemOf,
  sequence,
  signedBy,
  tlv,
  TRUE,
  uri,
  utcTime,
} from '../../support/builders/x509.js';
import type { Draft } from '../../support/builders/x509.js';
import { OPENSSL_CHAINS } from '../../vectors/x509-openssl.js';

const SPIFFE = 'spiffe://quorate/app/wallet';
const CLIENT_AUTHENTICATION = oid('2b06010505070302');
const SERVER_AUTHENTICATION = oid('2b06010505070301');
const extendedKeyUsage = (...uses: Uint8Array[]): Uint8Array =>
  extension('551d25', false, sequence(...uses));

const ROOT = { name: 'root', keys: p256Keys() };
const MIDDLE = { name: 'middle', keys: p256Keys() };
const LEAF_KEYS = p256Keys();

const rootExtensions = (): Uint8Array[] => [basicConstraints(TRUE), keyUsage(CERT_SIGN)];
const middleExtensions = (): Uint8Array[] => [
  basicConstraints(concat(TRUE, hex('020100'))),
  keyUsage(CERT_SIGN),
];
const leafExtensions = (): Uint8Array[] => [
  basicConstraints(new Uint8Array(0)),
  keyUsage(DIGITAL_SIGNATURE),
  extendedKeyUsage(SERVER_AUTHENTICATION, CLIENT_AUTHENTICATION),
  alternativeNames(uri(SPIFFE)),
];

const rootDraft = (): Draft =>
  draftOf({ subject: ROOT.name, keys: ROOT.keys, extensions: rootExtensions() }, ROOT);
const middleDraft = (): Draft =>
  draftOf({ subject: MIDDLE.name, keys: MIDDLE.keys, extensions: middleExtensions() }, ROOT);
const leafDraft = (): Draft =>
  draftOf({ subject: 'wallet', keys: LEAF_KEYS, extensions: leafExtensions() }, MIDDLE);

const ROOT_DER = certificateOf(rootDraft());
const requestersOf = (...authorities: Uint8Array[]): Requesters =>
  new Requesters(authorities.map(pemOf).join(''), (...asked) => nodeVerify.certified(...asked));
const requesters = (): Requesters => requestersOf(ROOT_DER);

function changed(make: () => Draft, change: (draft: Draft) => void): Uint8Array {
  const draft = make();
  change(draft);
  return certificateOf(draft);
}

/** What is said of a chain: its requester's SPIFFE id, or why not. */
function said(chain: readonly Uint8Array[], judge = requesters()): string {
  const verdict = judge.judge(chain);
  return verdict.ok ? verdict.value.identity.spiffeId : verdict.refusal;
}

const withLeaf = (change: (draft: Draft) => void): string =>
  said([changed(leafDraft, change), certificateOf(middleDraft())]);
const withMiddle = (change: (draft: Draft) => void): string =>
  said([certificateOf(leafDraft()), changed(middleDraft, change)]);

describe('an accepted certificate chain', () => {
  test('a chain of a leaf and an authority below the root is accepted, with or without the root', () => {
    const chain = [certificateOf(leafDraft()), certificateOf(middleDraft())];

    expect(said(chain)).toBe(SPIFFE);
    expect(said([...chain, ROOT_DER])).toBe(SPIFFE);
    expect(requesters().judge(chain)).toMatchObject({
      ok: true,
      value: {
        identity: { role: 'app', name: 'wallet', spiffeId: SPIFFE },
        key: { kind: 'p256' },
        notBeforeMs: Date.UTC(2024, 0, 1),
        notAfterMs: Date.UTC(2034, 0, 1),
      },
    });
  });

  test('a chain of one leaf under the root is accepted', () => {
    const draft = draftOf({ subject: '', keys: LEAF_KEYS, extensions: leafExtensions() }, ROOT);

    expect(said([certificateOf(draft)])).toBe(SPIFFE);
  });

  test.each([
    ['without basic constraints', (draft: Draft) => draft.extensions.shift()],
    ['without extended key usage', (draft: Draft) => draft.extensions.splice(2, 1)],
    [
      'with an extension that is not known and not critical',
      (draft: Draft) => draft.extensions.push(extension('2a0304', false, hex('0500'))),
    ],
    ['without a subject', (draft: Draft) => (draft.subject = sequence())],
    [
      'with DNS names and addresses',
      (draft: Draft) =>
        (draft.extensions[3] = alternativeNames(
          tlv(0x82, utf8('wallet.example')),
          uri(SPIFFE),
          tlv(0x87, hex('0a000001')),
          tlv(0x87, new Uint8Array(16)),
        )),
    ],
    [
      'that ends with GeneralizedTime, past 2050',
      (draft: Draft) =>
        (draft.validity = sequence(utcTime('491231235959Z'), generalizedTime('20500101000000Z'))),
    ],
    [
      'on the leap day of a year',
      (draft: Draft) =>
        (draft.validity = sequence(utcTime('240229000000Z'), utcTime('240229000000Z'))),
    ],
  ])('with a leaf %s', (_, change) => {
    expect(withLeaf(change)).toBe(SPIFFE);
  });

  test('a chain is valid from its latest begin to its earliest end', () => {
    const validity = sequence(utcTime('250101000000Z'), utcTime('500101000000Z'));
    const middle = changed(middleDraft, (draft) => {
      draft.validity = sequence(utcTime('500101000000Z'), utcTime('300101000000Z'));
    });

    // 50 is 1950, 49 is 2049 (RFC 5280 §4.1.2.5.1).
    const verdict = requesters().judge([certificateOf(leafDraft()), middle]);
    expect(verdict).toMatchObject({
      value: { notBeforeMs: Date.UTC(2024, 0, 1), notAfterMs: Date.UTC(2030, 0, 1) },
    });
    expect(withLeaf((draft) => (draft.validity = validity))).toBe(
      'certificate 1: it ends before it begins',
    );
  });

  test('chains of Ed25519 under P-256, and of P-256 under Ed25519, are accepted', () => {
    const root = { name: 'ed', keys: ed25519Keys() };
    const leaf = ed25519Keys();
    const authority = certificateOf(
      draftOf({ subject: root.name, keys: root.keys, extensions: rootExtensions() }, root),
    );
    const own = certificateOf(
      draftOf({ subject: 'w', keys: LEAF_KEYS, extensions: leafExtensions() }, root),
    );
    const other = certificateOf(
      draftOf({ subject: 'w', keys: leaf, extensions: leafExtensions() }, ROOT),
    );

    expect(said([own], requestersOf(authority))).toBe(SPIFFE);
    expect(said([other])).toBe(SPIFFE);
  });

  test.each(OPENSSL_CHAINS)(
    'a chain that OpenSSL made, of $kind, is accepted',
    ({ root, middle, leaf }) => {
      const judge = new Requesters(root, (...asked) => nodeVerify.certified(...asked));
      const chain = [leaf, middle].map((pem) => new Uint8Array(new X509Certificate(pem).raw));

      expect(said(chain, judge)).toBe(SPIFFE);
      expect(splitChain(concat(...chain))).toEqual(chain);
      const verdict = judge.judge(chain);
      const [first] = [new X509Certificate(leaf)];
      expect(verdict).toMatchObject({
        value: {
          notBeforeMs: Date.parse(first.validFrom),
          notAfterMs: Date.parse(first.validTo),
        },
      });
    },
  );

  test('a chain that this project issues is accepted', async () => {
    const authority = await createAuthority('authority', 365);
    const judge = new Requesters(authority.certificate, (...asked) =>
      nodeVerify.certified(...asked),
    );
    for (const role of ['app', 'operator', 'auditor', 'tee', 'mesh'] as const) {
      const subject = { role, name: 'n-1', dns: ['localhost'], ips: ['::1'], days: 30 };
      const { certificate } = await issueCertificate(authority, subject);
      const chain = [new Uint8Array(new X509Certificate(certificate).raw)];
      expect(said(chain, judge)).toBe(`spiffe://quorate/${role}/n-1`);
    }
  });
});

const names =
  (...given: Uint8Array[]) =>
  (draft: Draft): void => {
    draft.extensions[3] = alternativeNames(...given);
  };
const validity =
  (...given: Uint8Array[]) =>
  (draft: Draft): void => {
    draft.validity = sequence(...given);
  };
const usage =
  (bits: string, critical = true) =>
  (draft: Draft): void => {
    draft.extensions[1] = keyUsage(bits, critical);
  };
const added =
  (...given: Uint8Array[]) =>
  (draft: Draft): void => {
    draft.extensions.push(...given);
  };
const END = utcTime('340101000000Z');

/** Each breaks one rule alone: what is said names the rule, and with the rule taken out the chain would be accepted. */
const LEAF_CASES: readonly (readonly [
  why: string,
  what: string,
  change: (draft: Draft) => void,
])[] = [
  // DER
  [
    'the certificate has bytes left over',
    'bytes behind it',
    (draft) => {
      draft.whole = (...parts) => concat(sequence(...parts), hex('00'));
    },
  ],
  [
    'the certificate has bytes left over',
    'a fourth part',
    (draft) => {
      draft.whole = (...parts) => sequence(...parts, hex('0500'));
    },
  ],
  [
    'the certificate is missing or of another type',
    'a set in place of a sequence',
    (draft) => {
      draft.whole = (...parts) => tlv(0x31, ...parts);
    },
  ],
  [
    'the certificate is cut off',
    'an end too early',
    (draft) => {
      draft.whole = (...parts) => sequence(...parts).slice(0, -1);
    },
  ],
  [
    'the certificate has a length that is not DER',
    'an indefinite length',
    (draft) => {
      draft.whole = (...parts) => concat(hex('3080'), ...parts, hex('0000'));
    },
  ],
  [
    'the certificate has a length that is not DER',
    'a length of three bytes',
    (draft) => {
      draft.whole = (...parts) => {
        const all = concat(...parts);
        return concat(Uint8Array.of(0x30, 0x83, 0, all.length >> 8, all.length & 0xff), all);
      };
    },
  ],
  [
    'the serial number has a length that is not DER',
    'a short length in the long form',
    (draft) => {
      draft.serial = hex('02810105');
    },
  ],
  [
    'the serial number has a length that is not DER',
    'a short length in the longest form',
    (draft) => {
      draft.serial = concat(hex('028200ff'), new Uint8Array(255).fill(1));
    },
  ],
  [
    'the serial number is empty',
    'a number of no bytes',
    (draft) => {
      draft.serial = hex('0200');
    },
  ],
  [
    'the serial number is negative',
    'a negative serial number',
    (draft) => {
      draft.serial = hex('0201ff');
    },
  ],
  [
    'the serial number is longer than it need be',
    'a zero in front',
    (draft) => {
      draft.serial = hex('02020005');
    },
  ],
  [
    'the serial number is zero',
    'no serial number',
    (draft) => {
      draft.serial = hex('020100');
    },
  ],
  [
    'the serial number is too long',
    'a serial number of 21 bytes',
    (draft) => {
      draft.serial = tlv(0x02, new Uint8Array(21).fill(1));
    },
  ],
  // The outside
  [
    'it is not of version 3',
    'version 2',
    (draft) => {
      draft.version = tlv(0xa0, hex('020101'));
    },
  ],
  [
    'the version is missing or of another type',
    'version 1, left out',
    (draft) => {
      draft.version = new Uint8Array(0);
    },
  ],
  [
    'it names two algorithms for its signature',
    'another algorithm inside',
    (draft) => {
      draft.innerAlgorithm = ED25519;
    },
  ],
  [
    'it is not signed with P-256 or Ed25519',
    'SHA-384',
    (draft) => {
      draft.algorithm = draft.innerAlgorithm = sequence(oid('2a8648ce3d040303'));
    },
  ],
  [
    'it is not signed with P-256 or Ed25519',
    'parameters of the algorithm',
    (draft) => {
      draft.algorithm = draft.innerAlgorithm = sequence(oid('2a8648ce3d040302'), hex('0500'));
    },
  ],
  [
    'the signature is not of whole bytes',
    'bits that are not used',
    (draft) => {
      draft.whole = (signed, algorithm, signature) => {
        const spoiled = Uint8Array.from(signature);
        spoiled[2] = 1;
        return sequence(signed, algorithm, spoiled);
      };
    },
  ],
  [
    'its signature is not well formed',
    'a signature with bytes left over',
    (draft) => {
      const good = draft.signature;
      draft.signature = (signed) => concat(good(signed), hex('00'));
    },
  ],
  [
    'its signature is not well formed',
    'a half of 33 bytes',
    (draft) => {
      draft.signature = () => sequence(tlv(0x02, hex('01'), new Uint8Array(32)), hex('020101'));
    },
  ],
  [
    'its signature is not well formed',
    'r ‖ s, not DER',
    (draft) => {
      draft.signature = () => new Uint8Array(64).fill(1);
    },
  ],
  // Names
  [
    'the issuer has no name',
    'an empty issuer',
    (draft) => {
      draft.issuer = sequence();
    },
  ],
  [
    'the subject holds something that is no text',
    'a number as its name',
    (draft) => {
      draft.subject = sequence(tlv(0x31, sequence(oid('550403'), hex('020101'))));
    },
  ],
  [
    'the subject has bytes left over',
    'two attributes in one',
    (draft) => {
      const attribute = sequence(oid('550403'), tlv(0x0c, utf8('a')));
      draft.subject = sequence(tlv(0x31, attribute, attribute));
    },
  ],
  [
    'the subject is cut off',
    'an identifier that does not end',
    (draft) => {
      draft.subject = sequence(tlv(0x31, sequence(oid('5504ff'), tlv(0x0c, utf8('a')))));
    },
  ],
  [
    'the subject is cut off',
    'an identifier of no bytes',
    (draft) => {
      draft.subject = sequence(tlv(0x31, sequence(oid(''), tlv(0x0c, utf8('a')))));
    },
  ],
  [
    'the subject is cut off',
    'a text without a length',
    (draft) => {
      draft.subject = sequence(tlv(0x31, sequence(oid('550403'), hex('0c'))));
    },
  ],
  [
    'the subject is longer than it need be',
    'an identifier with a zero in front',
    (draft) => {
      draft.subject = sequence(tlv(0x31, sequence(oid('55048003'), tlv(0x0c, utf8('a')))));
    },
  ],
  // Time
  [
    'the time it ends is no time of any calendar',
    '30 February',
    validity(utcTime('240101000000Z'), utcTime('300230000000Z')),
  ],
  [
    'the time it ends is no time of any calendar',
    '29 February of no leap year',
    validity(utcTime('240101000000Z'), utcTime('300229000000Z')),
  ],
  [
    'the time it ends is no time of any calendar',
    'month 13',
    validity(utcTime('240101000000Z'), utcTime('301301000000Z')),
  ],
  [
    'the time it ends is no time of any calendar',
    'day 0',
    validity(utcTime('240101000000Z'), utcTime('300100000000Z')),
  ],
  [
    'the time it ends is no time of any calendar',
    'hour 24',
    validity(utcTime('240101000000Z'), utcTime('300101240000Z')),
  ],
  [
    'the time it ends is no time of any calendar',
    'minute 60',
    validity(utcTime('240101000000Z'), utcTime('300101006000Z')),
  ],
  [
    'the time it ends is no time of any calendar',
    'second 60',
    validity(utcTime('240101000000Z'), utcTime('300101000060Z')),
  ],
  [
    'the time it begins is not spelled as certificates do',
    'no seconds',
    validity(utcTime('2401010000Z'), END),
  ],
  [
    'the time it begins is not spelled as certificates do',
    'another zone',
    validity(utcTime('240101000000+0100'), END),
  ],
  [
    'the time it begins is not spelled as certificates do',
    'no zone',
    validity(utcTime('240101000000'), END),
  ],
  [
    'the time it ends is not spelled as certificates do',
    'a fraction',
    validity(utcTime('240101000000Z'), generalizedTime('20500101000000.5Z')),
  ],
  [
    'the time it ends should be a UTCTime',
    'GeneralizedTime before 2050',
    validity(utcTime('240101000000Z'), generalizedTime('20340101000000Z')),
  ],
  [
    'it ends before it begins',
    'an end before its begin',
    validity(utcTime('240101000001Z'), utcTime('240101000000Z')),
  ],
  ['the validity has bytes left over', 'three times', validity(utcTime('240101000000Z'), END, END)],
  // Key
  [
    'its key is neither of P-256, not compressed, nor of Ed25519',
    'a compressed point',
    (draft) => {
      const point = draft.key.slice(27, 59);
      draft.key = sequence(
        sequence(oid('2a8648ce3d0201'), oid('2a8648ce3d030107')),
        tlv(0x03, hex('0002'), point),
      );
    },
  ],
  [
    'its key is neither of P-256, not compressed, nor of Ed25519',
    'a point with another first byte',
    (draft) => {
      draft.key = Uint8Array.from(draft.key);
      draft.key[26] = 6;
    },
  ],
  [
    'its key is neither of P-256, not compressed, nor of Ed25519',
    'P-384',
    (draft) => {
      draft.key = sequence(
        sequence(oid('2a8648ce3d0201'), oid('2b81040022')),
        tlv(0x03, hex('0004'), new Uint8Array(96)),
      );
    },
  ],
  [
    'its key is neither of P-256, not compressed, nor of Ed25519',
    'RSA',
    (draft) => {
      draft.key = sequence(
        sequence(oid('2a864886f70d010101'), hex('0500')),
        tlv(0x03, hex('00'), sequence(hex('020103'), hex('020103'))),
      );
    },
  ],
  // Extensions
  [
    'the extensions is missing or of another type',
    'unique identifiers',
    (draft) => {
      draft.between = tlv(0x81, hex('0001'));
    },
  ],
  [
    'the extensions is missing or of another type',
    'none',
    (draft) => {
      draft.wholeExtensions = new Uint8Array(0);
    },
  ],
  [
    'the list of extensions is empty',
    'an empty list',
    (draft) => {
      draft.extensions = [];
    },
  ],
  [
    'a critical extension is not known',
    'a critical extension of a kind unknown',
    added(extension('2a0304', true, hex('0500'))),
  ],
  [
    'it has name constraints, which are not read here',
    'name constraints, not critical',
    added(extension('551d1e', false, sequence())),
  ],
  [
    'it has policy constraints, which are not read here',
    'policy constraints, not critical',
    added(extension('551d24', false, sequence())),
  ],
  [
    'it has inhibit any policy, which are not read here',
    'inhibit any policy, not critical',
    added(extension('551d36', false, hex('020100'))),
  ],
  [
    'an extension stands twice',
    'key usage twice',
    (draft) => draft.extensions.push(keyUsage(DIGITAL_SIGNATURE)),
  ],
  [
    'it has more than 16 extensions',
    '17 extensions',
    added(
      ...Array.from({ length: 13 }, (_, at) =>
        extension(`2a03${(at + 10).toString(16).padStart(2, '0')}`, false, hex('0500')),
      ),
    ),
  ],
  [
    'critical is neither left out nor true',
    'false written out',
    added(sequence(oid('2a0304'), hex('010100'), octets(hex('0500')))),
  ],
  [
    'critical is neither left out nor true',
    'a true of BER',
    added(sequence(oid('2a0304'), hex('010101'), octets(hex('0500')))),
  ],
  // Use
  ['it has no key usage', 'no key usage', (draft) => draft.extensions.splice(1, 1)],
  ['key usage is not critical', 'key usage that is not critical', usage(DIGITAL_SIGNATURE, false)],
  ['its key may not make signatures', 'a key for encryption', usage('0520')],
  [
    'its key may sign certificates, and it is no authority',
    'a leaf that may sign certificates',
    usage('0284'),
  ],
  [
    'its key may sign certificates, and it is no authority',
    'a leaf that may sign lists',
    usage('0182'),
  ],
  ['key usage is not a list of bits in DER', 'bits below the last that counts', usage('0781')],
  ['key usage is not a list of bits in DER', 'a zero byte behind', usage('078000')],
  ['key usage is not a list of bits in DER', 'fewer unused bits than there are', usage('0680')],
  ['key usage is not a list of bits in DER', 'eight unused bits', usage('0880')],
  ['key usage is not a list of bits in DER', 'unused bits of nothing', usage('07')],
  [
    'extended key usage does not permit client authentication',
    'servers only',
    (draft) => {
      draft.extensions[2] = extendedKeyUsage(SERVER_AUTHENTICATION);
    },
  ],
  [
    'CA is neither left out nor true',
    'CA:FALSE written out',
    (draft) => {
      draft.extensions[0] = basicConstraints(hex('010100'));
    },
  ],
  [
    'the first certificate is an authority’s',
    'CA:TRUE',
    (draft) => {
      draft.extensions = [basicConstraints(TRUE), keyUsage('0284'), alternativeNames(uri(SPIFFE))];
    },
  ],
  // Names of whom it is for
  ['it has no alternative name', 'no alternative name', (draft) => draft.extensions.splice(3, 1)],
  ['its alternative names hold no URI', 'a DNS name only', names(tlv(0x82, utf8('a')))],
  [
    'its alternative names hold more than one URI',
    'two SPIFFE ids',
    names(uri(SPIFFE), uri('spiffe://quorate/operator/root')),
  ],
  [
    'its alternative names hold more than one URI',
    'another URI beside it',
    names(uri('https://a.example'), uri(SPIFFE)),
  ],
  [
    'its URI is not spiffe://quorate/<role>/<name>',
    'another trust domain',
    names(uri('spiffe://other/app/wallet')),
  ],
  [
    'its URI is not spiffe://quorate/<role>/<name>',
    'another role',
    names(uri('spiffe://quorate/root/wallet')),
  ],
  [
    'its URI is not spiffe://quorate/<role>/<name>',
    'a zero byte in the name',
    names(uri('spiffe://quorate/operator/alice\0.evil')),
  ],
  [
    'a DNS name is not ASCII',
    'a DNS name with a zero byte',
    names(uri(SPIFFE), tlv(0x82, utf8('a\0b'))),
  ],
  [
    'an address is neither of IPv4 nor of IPv6',
    'an address of 5 bytes',
    names(uri(SPIFFE), tlv(0x87, new Uint8Array(5))),
  ],
  [
    'an alternative name that is no URI, DNS name or address is missing or of another type',
    'a mail address',
    names(uri(SPIFFE), tlv(0x81, utf8('a@b'))),
  ],
];

const MIDDLE_CASES: typeof LEAF_CASES = [
  [
    'basic constraints of an authority are not critical',
    'basic constraints that are not critical',
    (draft) => {
      draft.extensions[0] = basicConstraints(TRUE, false);
    },
  ],
  ['an authority may not sign certificates', 'an authority for lists only', usage('0102')],
  [
    'an authority has no name',
    'no subject',
    (draft) => {
      draft.subject = sequence();
    },
  ],
  [
    'the path length is out of all bounds',
    'a path length of two bytes',
    (draft) => {
      draft.extensions[0] = basicConstraints(concat(TRUE, hex('02020100')));
    },
  ],
  [
    'the path length is negative',
    'a path length below zero',
    (draft) => {
      draft.extensions[0] = basicConstraints(concat(TRUE, hex('0201ff')));
    },
  ],
];

describe('a refused certificate chain', () => {
  test.each(LEAF_CASES.map(([why, what, change]) => ({ why, what, change })))(
    'a chain is refused for a leaf with $what: $why',
    ({ why, change }) => {
      expect(withLeaf(change)).toBe(why.startsWith('the first') ? why : `certificate 1: ${why}`);
    },
  );

  test.each(MIDDLE_CASES.map(([why, what, change]) => ({ why, what, change })))(
    'a chain is refused for an authority with $what: $why',
    ({ why, change }) => {
      expect(withMiddle(change)).toBe(`certificate 2: ${why}`);
    },
  );

  test('every rule of the certificate reader has a case here', () => {
    const folder = join('src', 'identity', 'x509');
    const source = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const rules = [...source.matchAll(/\bmalformed\(\s*(?:'([^']+)'|"([^"]+)"|`([^`]+)`)/g)].map(
      ([, single, double, template]) => single ?? double ?? template ?? '',
    );
    const whys = [...LEAF_CASES, ...MIDDLE_CASES].map(([why]) => why);
    expect(rules.length).toBeGreaterThan(40);
    expect(rules.filter((rule) => !whys.some((why) => pattern(rule).test(why)))).toEqual([]);
  });

  const notIssued = 'certificate 1 is not issued by the next one';
  const foreign = 'no authority that cluster.json names for this role has issued it';

  test.each<[string, string, () => readonly Uint8Array[]]>([
    ['without a certificate', 'there is no certificate', () => []],
    [
      'of four',
      'a chain has at most 3 certificates',
      () => [certificateOf(leafDraft()), certificateOf(middleDraft()), ROOT_DER, ROOT_DER],
    ],
    [
      'of more than 4 KiB',
      'a chain has at most 4096 bytes',
      () => [changed(leafDraft, added(extension('2a0304', false, new Uint8Array(4096)))), ROOT_DER],
    ],
    ['in another order', 'the first certificate is an authority’s', () => [ROOT_DER]],
    [
      'whose leaf names another issuer',
      notIssued,
      () => [
        changed(leafDraft, (draft) => (draft.issuer = commonName('other'))),
        certificateOf(middleDraft()),
      ],
    ],
    [
      'whose leaf another key signed',
      notIssued,
      () => [
        changed(leafDraft, (draft) => (draft.signature = signedBy(LEAF_KEYS))),
        certificateOf(middleDraft()),
      ],
    ],
    [
      'whose leaf is said to be signed with another kind of key',
      notIssued,
      () => [
        changed(leafDraft, (draft) => {
          draft.algorithm = draft.innerAlgorithm = ED25519;
          draft.signature = () => new Uint8Array(64);
        }),
        certificateOf(middleDraft()),
      ],
    ],
    [
      'with a leaf in the place of an authority',
      notIssued,
      () => {
        const second = draftOf(
          { subject: 'other', keys: p256Keys(), extensions: leafExtensions() },
          { name: 'wallet', keys: LEAF_KEYS },
        );
        return [certificateOf(second), certificateOf(leafDraft()), certificateOf(middleDraft())];
      },
    ],
    [
      'with more authorities than the path length permits',
      'certificate 2 is not issued by the next one',
      () => {
        const low = { name: 'low', keys: p256Keys() };
        const lowDraft = draftOf(
          { subject: low.name, keys: low.keys, extensions: middleExtensions() },
          MIDDLE,
        );
        const leaf = draftOf({ subject: 'w', keys: LEAF_KEYS, extensions: leafExtensions() }, low);
        return [certificateOf(leaf), certificateOf(lowDraft), certificateOf(middleDraft())];
      },
    ],
    [
      'of a root with the same name and another key',
      foreign,
      () => {
        const other = { name: 'root', keys: p256Keys() };
        const leaf = draftOf(
          { subject: 'w', keys: LEAF_KEYS, extensions: leafExtensions() },
          other,
        );
        return [certificateOf(leaf)];
      },
    ],
    [
      'that brings a root of its own',
      foreign,
      () => {
        const other = { name: 'root', keys: p256Keys() };
        const leaf = draftOf(
          { subject: 'w', keys: LEAF_KEYS, extensions: leafExtensions() },
          other,
        );
        const root = { subject: 'root', keys: other.keys, extensions: rootExtensions() };
        return [certificateOf(leaf), certificateOf(draftOf(root, other))];
      },
    ],
  ])('%s: %s', (_, why, chain) => {
    expect(said(chain())).toBe(why);
  });

  test('an authority outside of the profile is ignored, and chains under it are refused', () => {
    const leaf = certificateOf(
      draftOf({ subject: 'w', keys: LEAF_KEYS, extensions: leafExtensions() }, ROOT),
    );
    const spoiled = changed(rootDraft, (draft) => (draft.extensions[1] = keyUsage('0102')));
    const small = changed(rootDraft, (draft) => {
      draft.extensions[0] = basicConstraints(concat(TRUE, hex('020100')));
    });

    expect(requestersOf(spoiled).authorityCount).toBe(0);
    expect(said([leaf], requestersOf(spoiled))).toBe(foreign);
    expect(said([leaf], requestersOf(small))).toBe(SPIFFE);
    expect(
      said([certificateOf(leafDraft()), certificateOf(middleDraft())], requestersOf(small)),
    ).toBe(foreign);
    expect(new Requesters('no PEM', () => true).authorityCount).toBe(0);
  });
});

test('the verdict on a chain is remembered, and no signature is verified again', () => {
  let asked = 0;
  const judge = new Requesters(pemOf(ROOT_DER), (...parts) => {
    asked += 1;
    return nodeVerify.certified(...parts);
  });
  const chain = [certificateOf(leafDraft()), certificateOf(middleDraft())];

  expect(said(chain, judge)).toBe(SPIFFE);
  expect(asked).toBe(2);
  expect(said(chain, judge)).toBe(SPIFFE);
  expect(asked).toBe(2);
  // Two chains with the same bytes, cut at other places, are two chains.
  const [leaf = hex(''), middle = hex('')] = chain;
  expect(said([concat(leaf, middle)], judge)).toBe(
    'certificate 1: the certificate has bytes left over',
  );
});

test('of two authorities with one name and key, the later expiry counts', () => {
  const longer = changed(rootDraft, validity(utcTime('240101000000Z'), utcTime('490101000000Z')));
  const leaf = certificateOf(
    draftOf({ subject: 'w', keys: LEAF_KEYS, extensions: leafExtensions() }, ROOT),
  );
  const shorter = changed(rootDraft, validity(utcTime('240101000000Z'), utcTime('250101000000Z')));
  for (const bundle of [
    [shorter, longer],
    [longer, shorter],
  ]) {
    expect(requestersOf(...bundle).judge([leaf])).toMatchObject({
      value: { notAfterMs: Date.UTC(2034, 0, 1) },
    });
  }
  expect(requestersOf(shorter).judge([leaf])).toMatchObject({
    value: { notAfterMs: Date.UTC(2025, 0, 1) },
  });
});

test('the reader of one certificate gives its bytes, its key and its use', () => {
  const bytes = certificateOf(leafDraft());

  expect(readCertificate(bytes)).toMatchObject({
    ok: true,
    value: { bytes, signedBy: 'p256', usage: { kind: 'leaf' } },
  });
  expect(readCertificate(new Uint8Array(4097))).toEqual({ ok: false, refusal: 'it is too long' });
  expect(certificateOf(leafDraft()).length).toBeLessThan(700);
  expect(P256_WITH_SHA256).toHaveLength(12);
});

/** What a rule says, with anything in the places that it fills in. */
function pattern(rule: string): RegExp {
  const parts = rule
    .split(/\$\{[^}]+\}/)
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.+')}$`);
}
