import { equal, type PartyIndex } from '../../common/index.js';
import { decodeBigEndian, encodeBigEndian } from '../../crypto/index.js';
import { bytesItem, integerItem, listItem, u16Item, u32Item } from '../../wire/index.js';
import { bodyLayout, bytesField, type BodyField } from '../body.js';
import type { ParameterSet } from '../parameter-set.js';
import { gg20Xof } from '../transcript.js';
import { bytesLayout, listLayout, type Layout } from '../zk/layout.js';
import { HASH_BYTES, type PublicMaterial } from './messages.js';

export const SET_ID_BYTES = 16;
const IDENTITY_KEY_BYTES = 32;

/** One member's public material in one generation of its set. */
export type AuxRecord = PublicMaterial & {
  /** 16 bytes. */
  readonly setId: Uint8Array;
  readonly generation: number;
  /** In the set. */
  readonly index: PartyIndex;
  readonly identityKey: Uint8Array;
};

/** A whole number in few bytes. */
function unsigned(byteLength: 2 | 4): BodyField<number> {
  return {
    layout: {
      byteLength,
      encode: (value) => encodeBigEndian(BigInt(value), byteLength),
      decode: (bytes) => (bytes.length === byteLength ? Number(decodeBigEndian(bytes)) : undefined),
    },
    item: integerItem,
  };
}

/** T("aux-record", [set, generation, i, identity key, N, Nh, s, t]). */
export function auxRecordLayout({ widths }: ParameterSet): Layout<AuxRecord> {
  const number: BodyField<Uint8Array> = { layout: bytesLayout(widths.modulus), item: integerItem };
  return bodyLayout<AuxRecord>('aux-record', {
    setId: bytesField(bytesLayout(SET_ID_BYTES)),
    generation: unsigned(4),
    index: unsigned(2),
    identityKey: bytesField(bytesLayout(IDENTITY_KEY_BYTES)),
    N: number,
    Nh: number,
    s: number,
    t: number,
  });
}

/** The leaf of an encoded record: XOF("aux-leaf", [record], 32). */
export function auxLeaf(record: Uint8Array): Uint8Array {
  return gg20Xof('aux-leaf', [bytesItem(record)], HASH_BYTES);
}

/** A generation of a set's material by its members' leaves. */
export type AuxLeaves = {
  /** Of the run that made it: 32 bytes. */
  readonly ssid: Uint8Array;
  readonly setId: Uint8Array;
  readonly generation: number;
  /** In order of index. */
  readonly leaves: readonly { readonly index: PartyIndex; readonly leaf: Uint8Array }[];
};

/** auxDigest = XOF("aux", [ssid, set, generation, all (i, leaf_i) in order], 32): what the log holds of the material. */
export function auxDigest({ ssid, setId, generation, leaves }: AuxLeaves): Uint8Array {
  const pairs = leaves.map(({ index, leaf }) => listItem([u16Item(index), bytesItem(leaf)]));
  const place = [bytesItem(ssid), bytesItem(setId), u32Item(generation)];
  return gg20Xof('aux', [...place, listItem(pairs)], HASH_BYTES);
}

/** All public material of a generation, as each member stores it. */
export type AuxMaterial = {
  /** Of the run that made it: 32 bytes. */
  readonly ssid: Uint8Array;
  /** Each member's encoded record, in order of index. */
  readonly records: readonly Uint8Array[];
};

/** @param members - How many there are. */
export function auxMaterialLayout(set: ParameterSet, members: number): Layout<AuxMaterial> {
  const record = bytesLayout(auxRecordLayout(set).byteLength);
  return bodyLayout<AuxMaterial>('aux-material', {
    ssid: bytesField(bytesLayout(HASH_BYTES)),
    records: bytesField(listLayout(record, members)),
  });
}

/**
 * The records of a generation's material, if they are those of its digest; nothing otherwise.
 *
 * @param material - Encoded as of {@link auxMaterialLayout}.
 */
export function auxRecordsOf(
  set: ParameterSet,
  members: number,
  digest: Uint8Array,
  material: Uint8Array,
): readonly AuxRecord[] | undefined {
  const read = auxMaterialLayout(set, members).decode(material);
  const layout = auxRecordLayout(set);
  const records = read?.records.flatMap((record) => layout.decode(record) ?? []);
  const [first] = records ?? [];
  if (read === undefined || records?.length !== members || first === undefined) return undefined;
  const leaves = read.records.map((record, at) => ({
    index: records[at]?.index ?? 0,
    leaf: auxLeaf(record),
  }));
  const { setId, generation } = first;
  const isSame = equal(auxDigest({ ssid: read.ssid, setId, generation, leaves }), digest);
  return isSame ? records : undefined;
}
