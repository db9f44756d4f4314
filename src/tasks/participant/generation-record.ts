import { concat, u32be } from '../../common/index.js';
import { Command, decode } from '../../wire/index.js';
import type { Prepared } from '../../wire/index.js';

/** The public bytes that lie beside this node's own material of a generation. */
export type GenerationRecord = {
  /** The encoded command by which this node says `prepared`. */
  readonly command: Uint8Array;
  /** The public material of all members, encoded as of `auxMaterialLayout`. */
  readonly material: Uint8Array;
};

/* Format 1:  u8 1 ‖ u32be(length) ‖ command (length) ‖ material (the rest). */
const FORMAT = 1;
const COMMAND_AT = 5;

export function encodeGenerationRecord({ command, material }: GenerationRecord): Uint8Array {
  return concat(Uint8Array.of(FORMAT), u32be(command.length), command, material);
}

/** The record that {@link encodeGenerationRecord} wrote; `undefined` for other bytes. */
export function decodeGenerationRecord(bytes: Uint8Array): GenerationRecord | undefined {
  if (bytes[0] !== FORMAT || bytes.length < COMMAND_AT) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  const end = COMMAND_AT + length;
  if (end > bytes.length) return undefined;
  return { command: bytes.slice(COMMAND_AT, end), material: bytes.slice(end) };
}

/** Reads the fact that lies beside material. */
export function preparedIn({ command }: GenerationRecord): Prepared | undefined {
  const said = decode(Command, command)?.command;
  return said?.$case === 'prepared' ? said.value : undefined;
}
