import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readClientFile } from '../../src/client/index.js';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyKeyCertificate } from '../../src/client/key-certificate.js';
import { clusterId, keyId, nodeId, sessionId, toHex, utf8 } from '../../src/common/index.js';
import { SecretBytes } from '../../src/crypto/index.js';
import { keygen } from '../../src/sharing/index.js';
import {
  encodeGenesis,
  parseGenesis,
  parseSpiffe,
  rawSignature,
  readCertificate,
  splitChain,
  encodeMemberRequest,
  parseMemberRequest,
} from '../../src/identity/index.js';
import {
  polynomialHash,
  recordOf,
  sealSecret,
  unsealSecret,
} from '../../src/keys/sealed-secret.js';
import { verifiedBody, startSession, signEnvelope } from '../../src/mpc/index.js';
import { readConfig } from '../../src/node/index.js';
import { nodeKeyOf, openIdentity } from '../../src/pki/index.js';
import { wordsFromBytes, wordsToBytes } from '../../src/raft/evidence/codec.js';
import { decodePeerMessage, encodeMessage } from '../../src/raft/index.js';
import { readMessage, readMutation } from '../../src/api/decode.js';
import {
  isFrom,
  packFrame,
  unpackFrame,
  unwrapHello,
  wrapHello,
} from '../../src/rpc/peers/frame.js';
import { bootOf } from '../../src/rpc/peers/hello.js';
import { askedPage } from '../../src/api/page.js';
import { identityOf } from '../../src/rpc/tls.js';
import { keepBytes } from '../../src/rpc/unary.js';
import {
  METHODS,
  parseAsked,
  parseRequest,
  TASK_KINDS,
  UPKEEP_METHODS,
} from '../../src/state/index.js';
import { decode, encode, Envelope, Key, ListKeysRequest } from '../../src/wire/index.js';
import { seededRandom, testVerify } from '../support/builders/frost-exchange.js';
import { Finding, refusable, requireSame, shapeOf } from './decoder.js';
import type { Decoder } from './decoder.js';
import { evidence, evidenceFiles } from './evidence.js';
import { messageDecoders } from './messages.js';
import {
  bytes32,
  correctTimeSeed,
  generateKeySeed,
  destroySeed,
  genesisSeed,
  cancelSeed,
  prepareSeed,
  presignSeed,
  refreshSeed,
  reshareSeed,
  raftSeeds,
  signedWordsSeeds,
  restoreSeed,
  retireSeed,
  revokeSeed,
  signerSeed,
  signSeed,
} from './seeds.js';

const CLUSTER = clusterId('ab'.repeat(16));
const MEMBER = {
  nodeId: nodeId('node-1'),
  role: 'tee',
  identityKey: bytes32(14),
  tlsKey: bytes32(15),
} as const;
const OWNER = { clusterId: CLUSTER, nodeId: nodeId('node-1') };
const NODE_KEY = bytes32(1);

const folder = mkdtempSync(join(tmpdir(), 'quorate-fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A decoder of files: each input is written to one. */
function ofFile(
  name: string,
  seeds: () => readonly Uint8Array[],
  read: (path: string) => string,
): Decoder {
  const path = join(folder, name);
  return {
    name,
    seeds,
    read: (bytes) => {
      writeFileSync(path, bytes, { mode: 0o600 });
      return refusable(() => read(path));
    },
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function request(method: string, seed: () => Uint8Array): Decoder {
  return {
    name: `request-${method.slice(method.lastIndexOf('/') + 1)}`,
    seeds: () => [seed()],
    read: (bytes) => {
      const parsed = parseRequest(TASK_KINDS, method, bytes);
      const mutated = refusable(() => {
        readMutation(method, keepBytes(bytes));
        return 'accepted';
      });
      if (parsed.ok !== (mutated === 'accepted'))
        throw new Finding('the front door and the log judge it differently');
      if (parsed.ok) return 'accepted';
      const { reason, field = '' } = parsed.refusal;
      return `refused ${reason} ${shapeOf(field)}`;
    },
  };
}

/** Of upkeep, which no client brings. */
const prepare = upkeep('prepare', prepareSeed);
const presign = upkeep('presign', presignSeed);
const refresh = upkeep('refresh', refreshSeed);

function upkeep(name: keyof typeof UPKEEP_METHODS, seed: () => Uint8Array): Decoder {
  const read = (bytes: Uint8Array): string => {
    const method = UPKEEP_METHODS[name];
    if (parseRequest(TASK_KINDS, method, bytes).ok) throw new Finding('a client may ask for it');
    const parsed = parseAsked(TASK_KINDS, method, bytes);
    return parsed.ok ? 'accepted' : `refused ${parsed.refusal.reason}`;
  };
  return { name: `upkeep-${name}`, seeds: () => [seed()], read };
}

const raft: Decoder = {
  name: 'raft-message',
  seeds: raftSeeds,
  read: (bytes) => {
    const message = decodePeerMessage(bytes);
    const own = isFrom(bytes, utf8('node-1'));
    if (message === undefined) return `refused ${own}`;
    requireSame(encodeMessage(message), bytes);
    return `accepted ${message.type} ${own}`;
  },
};

const words: Decoder = {
  name: 'signed-words',
  seeds: signedWordsSeeds,
  read: (bytes) => {
    const read = wordsFromBytes(bytes);
    if (read === undefined) return 'refused';
    requireSame(wordsToBytes(read), bytes);
    return `accepted ${Object.values(read).filter((word) => word !== undefined).length}`;
  },
};

const frame: Decoder = {
  name: 'peer-frame',
  seeds: () => [
    packFrame({ own: raftSeeds().slice(0, 1), riding: [] }),
    packFrame({ own: [new Uint8Array(0), new Uint8Array(300)], riding: [] }),
    packFrame({ own: raftSeeds().slice(0, 2), riding: [new Uint8Array(3)] }),
    wrapHello({
      level: 1,
      clusterId: CLUSTER,
      nodeId: 'node-1',
      incarnation: 1,
      boot: bytes32(3).slice(16),
      buildLevel: 1,
      buildSignature: new Uint8Array(64),
    }),
  ],
  read: (bytes) => {
    const messages = unpackFrame(bytes, 'raft');
    if (messages !== undefined) requireSame(packFrame(messages), bytes);
    const hello = unwrapHello(bytes);
    if (hello === undefined) return messages === undefined ? 'refused' : 'messages';
    requireSame(wrapHello(hello), bytes);
    return refusable(() => `hello ${bootOf(hello, CLUSTER, OWNER.nodeId).length}`);
  },
};

/** A node's public half. Its proof is not checked here: bytes that nobody signed would come no further. */
const memberRequest: Decoder = {
  name: 'member-request',
  seeds: () => [utf8(encodeMemberRequest(MEMBER, () => new Uint8Array(64)))],
  read: (bytes) =>
    refusable(() => {
      const read = parseMemberRequest(bytes, () => true);
      const text = encodeMemberRequest(read, () => new Uint8Array(64));
      const again = parseMemberRequest(utf8(text), () => true);
      if (encodeMemberRequest(again, () => new Uint8Array(64)) !== text)
        throw new Finding('it is written and read as something else');
      return 'accepted';
    }),
};

const genesis: Decoder = {
  name: 'genesis',
  seeds: () => [genesisSeed()],
  read: (bytes) =>
    refusable(() => {
      const read = parseGenesis(bytes);
      requireSame(read.bytes, bytes);
      // Other white space is another file with the same content.
      const again = parseGenesis(encodeGenesis(read));
      if (toHex(encodeGenesis(again)) !== toHex(encodeGenesis(read)))
        throw new Finding('it is written and read as something else');
      return 'accepted';
    }),
};

const ANY_KEY = ListKeysRequest.fromPartial({});

const page: Decoder = {
  name: 'page-token',
  seeds: () =>
    [
      ...['1/treasury', 'treasury', '2/0123456789abcdef/treasury', ''].map((held) =>
        Buffer.from(held).toString('base64url'),
      ),
      askedPage(ListKeysRequest, ANY_KEY).behind({ records: [], next: 'treasury', moreCount: 1 })
        .nextPageToken,
    ].map(utf8),
  read: (bytes) =>
    refusable(() => {
      const pageToken = textOf(bytes);
      const { after } = askedPage(ListKeysRequest, { ...ANY_KEY, pageToken }).page;
      if (!/^[a-z0-9_-]{0,63}$/.test(after)) throw new Finding(`a token led to ${after}`);
      return after === '' ? 'begins' : 'goes on';
    }),
};

const listing: Decoder = {
  name: 'public-request',
  seeds: () => [encode(ListKeysRequest, { ...ANY_KEY, pageSize: 5, pageToken: 'dHJlYXN1cnk' })],
  read: (bytes) =>
    refusable(() => {
      requireSame(encode(ListKeysRequest, readMessage(ListKeysRequest, bytes)), bytes);
      return 'accepted';
    }),
};

const PLACE = {
  ...OWNER,
  keyId: keyId('treasury'),
  version: 1,
  sessionId: sessionId('5a'.repeat(32)),
  publicHash: polynomialHash([bytes32(4), bytes32(5)]),
};

const sealed: Decoder = {
  name: 'sealed-secret',
  seeds: () => [secretSeed],
  read: (bytes) => {
    const record = recordOf(bytes);
    using secret = unsealSecret(PLACE, bytes, NODE_KEY)?.bytes;
    if (secret !== undefined) requireSame(secretSeed, bytes);
    return secret === undefined ? `refused ${record !== undefined}` : 'opened';
  },
};
const secretSeed = sealSecret(
  PLACE,
  {
    kind: 'key-share/FROST_ED25519_SHA512',
    about: Uint8Array.of(0, 1, 0, 2),
    bytes: new SecretBytes(bytes32(6)),
  },
  utf8('record'),
  NODE_KEY,
  seededRandom(7),
);

const signers = [1, 2, 3].map(signerSeed);
const SESSION = bytes32(8);

const envelopes: Decoder = {
  name: 'envelope',
  seeds: () =>
    Object.keys(keygen).map((kind) => {
      const [, signer] = signers;
      if (signer === undefined) throw new Error('there are three');
      const body = encode(Envelope, { ...Envelope.decode(new Uint8Array(0)), kind });
      return encode(Envelope, signEnvelope(signer, SESSION, kind, 2, 0, body));
    }),
  read: (bytes) => {
    const envelope = decode(Envelope, bytes);
    if (envelope === undefined) return 'refused';
    const [own, other] = signers;
    if (own === undefined || other === undefined) return 'refused';
    const body = verifiedBody(testVerify, other.publicKey, envelope);
    let sent = 0;
    const session = startSession({
      sessionId: SESSION,
      index: 1,
      identityKeys: signers.map(({ publicKey }) => publicKey),
      signer: own,
      verify: testVerify,
      random: seededRandom(9),
      protocol: keygen,
      groups: {},
      send: () => (sent += 1),
    });
    for (let again = 0; again < 2; again++) session.receive(2, envelope);
    session.close(new Error('over'));
    return `${body === undefined ? 'unsigned' : 'signed'} ${envelope.content?.$case} ${sent}`;
  },
};

const certificate: Decoder = {
  name: 'certificate',
  // Those of the corpus, one of each kind of key.
  seeds: () => [],
  read: (bytes) => {
    const { length } = splitChain(bytes) ?? [];
    const reading = readCertificate(bytes);
    return `${length} ${reading.ok ? 'accepted' : shapeOf(reading.refusal)}`;
  },
};

const signature: Decoder = {
  name: 'der-signature',
  // Those of the corpus: what is made here would be another one in each run.
  seeds: () => [],
  read: (bytes) => {
    const raw = rawSignature('p256', bytes);
    if (raw !== undefined && raw.length !== 64) throw new Finding(`${raw.length} bytes`);
    return String(raw !== undefined);
  },
};

const spiffe: Decoder = {
  name: 'spiffe',
  seeds: () => [
    utf8('spiffe://quorate/app/payments'),
    utf8('URI:spiffe://quorate/tee/node-1, DNS:localhost, IP Address:127.0.0.1'),
    utf8('DNS:a, URI:"spiffe://quorate/tee/a, URI:b"'),
  ],
  read: (bytes) => {
    const text = textOf(bytes);
    const one = parseSpiffe(text);
    if (one !== undefined && one.spiffeId !== text) throw new Finding('read as another one');
    const named = identityOf({ subjectaltname: text });
    if (named !== undefined && parseSpiffe(named.spiffeId) === undefined)
      throw new Finding('names what is none');
    return `${one?.role} ${named?.role}`;
  },
};

const nodeKey: Decoder = {
  name: 'node-key',
  seeds: () => [utf8(`${'0123456789abcdef'.repeat(4)}\n`)],
  read: (bytes) =>
    refusable(() => {
      using text = new SecretBytes(bytes.slice());
      using key = nodeKeyOf(text, 'here', 'node_key.file');
      if (toHex(key.bytes) !== textOf(bytes).trim()) throw new Finding('another key');
      return 'accepted';
    }),
};

const keys: Decoder = {
  name: 'key-certificate',
  seeds: () => [
    encode(
      Key,
      Key.fromPartial({
        keyId: 'treasury',
        publicKey: bytes32(10),
        threshold: 2,
        certificate: {
          request: generateKeySeed(),
          method: METHODS.generateKey,
          sharing: {
            sessionId: SESSION,
            publicPolynomial: [bytes32(10), bytes32(11)],
            chainCode: bytes32(12),
            digest: bytes32(13),
          },
          format: 1,
        },
      }),
    ),
  ],
  read: (bytes) => {
    const key = decode(Key, bytes);
    if (key === undefined) return 'refused';
    const { verdict, because } = verifyKeyCertificate(key, parseGenesis(genesisSeed()));
    if (verdict !== 'unverified') throw new Finding('a certificate without signatures counts');
    return shapeOf(because);
  },
};

const NODE_YAML = `node_id: node-1
data_dir: data
peers: { node-2: "node-2:7401", node-3: "[::1]:7401" }
client: { listen: 0.0.0.0:7400 }
peer: { listen: 0.0.0.0:7401 }
tls: { ca: ca.pem, cert: cert.pem, key: key.pem }
node_key: { file: node.key }
`;
const CLIENT_JSON = `{
  "endpoints": ["127.0.0.1:7400"],
  "ca": "ca.pem",
  "cert": "cert.pem",
  "key": "key.pem",
  "cluster_file": "cluster.json"
}
`;

const files: readonly Decoder[] = [
  ofFile(
    'node-yaml',
    () => [utf8(NODE_YAML), utf8('node_id: a\nnode_key:\n  env: KEY\n')],
    (file) => `accepted ${readConfig({ file, workingFolder: '/' }).nodeKey.kind}`,
  ),
  ofFile(
    'client-file',
    () => [utf8(CLIENT_JSON)],
    (file) => `accepted ${readClientFile(file).endpoints.length}`,
  ),
  ofFile(
    'identity-file',
    () => [utf8(identitySeed())],
    (file) => `opened ${openIdentity(file, OWNER.nodeId, NODE_KEY).node}`,
  ),
];

/** As the file is, but for what it seals. */
function identitySeed(): string {
  const sealedHex = toHex(new Uint8Array(60));
  return JSON.stringify({
    format: 2,
    node_id: OWNER.nodeId,
    public_key: toHex(bytes32(14)),
    sealed: sealedHex,
    passphrase: {
      kdf: 'scrypt',
      n: 131_072,
      r: 8,
      p: 1,
      salt: '00'.repeat(16),
      check: '00'.repeat(32),
    },
  });
}

/**
 * Every reader of bytes that somebody else wrote. A new one is one more line here; messages of `src/wire/` come by themselves.
 */
export const DECODERS: readonly Decoder[] = [
  ...messageDecoders(),
  request(METHODS.generateKey, generateKeySeed),
  request(METHODS.sign, signSeed),
  request(METHODS.correctTime, correctTimeSeed),
  request(METHODS.revokeCertificate, revokeSeed),
  request(METHODS.reshareKey, reshareSeed),
  request(METHODS.cancelTask, cancelSeed),
  request(METHODS.retireKey, retireSeed),
  request(METHODS.restoreKey, restoreSeed),
  request(METHODS.destroyKey, destroySeed),
  prepare,
  presign,
  refresh,
  raft,
  words,
  frame,
  listing,
  page,
  envelopes,
  sealed,
  genesis,
  memberRequest,
  certificate,
  signature,
  spiffe,
  keys,
  nodeKey,
  evidence,
  evidenceFiles,
  ...files,
];
