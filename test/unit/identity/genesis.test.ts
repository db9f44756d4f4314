import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ClusterError, nodeId, toHex, utf8 } from '../../../src/common/index.js';
import {
  DEFAULT_LIMITS,
  encodeGenesis,
  parseGenesis,
  voters,
} from '../../../src/identity/index.js';
import type { GenesisFields } from '../../../src/identity/index.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIB\nAQ==\n-----END CERTIFICATE-----\n';

const FIELDS: GenesisFields = {
  level: 1,
  createdMs: 1_700_000_000_000,
  members: [
    { nodeId: nodeId('node-2'), role: 'tee', identityKey: new Uint8Array(32).fill(2) },
    { nodeId: nodeId('node-1'), role: 'tee', identityKey: new Uint8Array(32).fill(1) },
    { nodeId: nodeId('mesh-1'), role: 'mesh', identityKey: new Uint8Array(32).fill(9) },
  ],
  peerCa: PEM,
  requesterCa: PEM + PEM,
  unsigned: true,
  limits: DEFAULT_LIMITS,
};

const TEXT = new TextDecoder().decode(encodeGenesis(FIELDS));

/** The field that the parser blames for the good file with one passage replaced. */
function blamed(passage: string | RegExp, replacement: string): string | undefined {
  const broken = TEXT.replace(passage, () => replacement);
  expect(broken).not.toBe(TEXT);
  try {
    parseGenesis(utf8(broken));
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'invalid-request')
      return error.details.field;
    throw error;
  }
  return undefined;
}

test('a written genesis parses to the same fields', () => {
  const { bytes, clusterId, ...rest } = parseGenesis(utf8(TEXT));

  expect(rest).toEqual(FIELDS);
  expect(new TextDecoder().decode(bytes)).toBe(TEXT);
  expect(clusterId).toHaveLength(32);
});

test('the cluster id is the first half of the SHA-256 of the bytes, white space included', () => {
  const spaced = utf8(`${TEXT}\n`);

  const id = parseGenesis(spaced).clusterId;

  expect(id).toBe(toHex(createHash('sha256').update(spaced).digest()).slice(0, 32));
  expect(id).not.toBe(parseGenesis(utf8(TEXT)).clusterId);
});

test('the voters are the tee members, sorted', () => {
  expect(voters(FIELDS)).toEqual(['node-1', 'node-2']);
});

test('a parsed genesis is a copy of its own', () => {
  const bytes = utf8(TEXT);
  const genesis = parseGenesis(bytes);
  bytes.fill(0);

  expect(parseGenesis(genesis.bytes).clusterId).toBe(genesis.clusterId);
});

describe('the genesis parser refuses and names the field', () => {
  test.each([
    ['another format', '"format": 1', '"format": 2', 'format'],
    ['an unknown field', '"format": 1', '"format": 1, "colour": 1', 'colour'],
    ['__proto__ as a field', '"format": 1', '"format": 1, "__proto__": 1', '__proto__'],
    ['a missing field', '"unsigned": true,', '', 'unsigned'],
    ['a field that stands twice', '"format": 1', '"format": 1, "format": 1', ''],
    ['level 0', '"level": 1', '"level": 0', 'level'],
    ['a level out of reach', '"level": 1', '"level": 65536', 'level'],
    ['a level missing', '"level": 1,', '', 'level'],
    ['a number in another spelling', '1700000000000', '1.7e12', ''],
    ['a fraction', '1700000000000', '1.5', 'created_ms'],
    ['a text for a flag', '"unsigned": true', '"unsigned": "true"', 'unsigned'],
    ['an object for a list', /"members": \[[^]*?\]/, '"members": {}', 'members'],
    ['no members', /"members": \[[^]*?\]/, '"members": []', 'members'],
    ['no member of role tee', /"tee"/g, '"mesh"', 'members'],
    ['a member that is a text', /"members": \[/, '"members": ["node-9",', 'members[0]'],
    ['a member with more', '"role": "mesh"', '"role": "mesh", "x": 1', 'members[2].x'],
    ['a node twice', '"node-1"', '"node-2"', 'members[1].node_id'],
    ['an identity key twice', '01'.repeat(32), '02'.repeat(32), 'members[1].identity_key'],
    ['a bad node id', '"node-1"', '"Node-1"', 'members[1].node_id'],
    ['a client role', '"mesh",', '"operator",', 'members[2].role'],
    ['a short identity key', '01'.repeat(32), '01'.repeat(31), 'members[1].identity_key'],
    ['upper-case hex', '01'.repeat(32), '0A'.repeat(32), 'members[1].identity_key'],
    ['a CA that is not PEM', /"peer_ca": "[^"]*"/, '"peer_ca": "none"', 'peer_ca'],
    ['an empty CA', /"requester_ca": "[^"]*"/, '"requester_ca": ""', 'requester_ca'],
    ['a limit of zero', '"keys_max": 100000', '"keys_max": 0', 'limits.keys_max'],
    ['too high a limit', '2000000', '2000001', 'limits.request_ids_max'],
    ['a limit missing', /,\s*"keys_max": 100000/, '', 'limits.keys_max'],
    ['text behind the object', /$/, '{}', ''],
    ['a byte order mark', /^/, '\uFEFF', ''],
  ])('the genesis parser refuses %s', (_name, passage, replacement, field) => {
    expect(blamed(passage, replacement)).toBe(field);
  });

  test('the genesis parser refuses bytes that are not UTF-8', () => {
    const bytes = utf8(TEXT);
    bytes[TEXT.indexOf('node-2')] = 0xff;
    expect(() => parseGenesis(bytes)).toThrow('Not a JSON file in UTF-8');
  });

  test('a genesis has at most twenty members of role tee', () => {
    const members = Array.from({ length: 21 }, (_, at) => ({
      nodeId: nodeId(`node-${at}`),
      role: 'tee' as const,
      identityKey: new Uint8Array(32).fill(at + 1),
    }));
    expect(() => encodeGenesis({ ...FIELDS, members })).toThrow('1 to 20 members');
    expect(() => encodeGenesis({ ...FIELDS, members: members.slice(1) })).not.toThrow();
  });

  test('the genesis parser refuses a file over its size limit', () => {
    expect(() => parseGenesis(utf8(TEXT + ' '.repeat(256 * 1024)))).toThrow('over 262144 bytes');
  });
});
