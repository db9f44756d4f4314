import { decode, encode } from '../../src/wire/index.js';
import * as wire from '../../src/wire/index.js';
import type { MessageType } from '../../src/wire/index.js';
import { requireSame } from './decoder.js';
import type { Decoder } from './decoder.js';
import { generateKeySeed, raftSeeds, signSeed } from './seeds.js';

/** Small, strange, and at the edges. */
const TEXTS = ['', 'a', 'node-1', 'x'.repeat(63), 'ä', '__proto__'];
const MINE: Readonly<Record<string, readonly Uint8Array[]>> = {
  GenerateKeyRequest: [generateKeySeed()],
  SignRequest: [signSeed()],
  RaftMessage: raftSeeds(),
};

function isMessageType(value: unknown): value is MessageType<unknown> {
  return typeof value === 'object' && value !== null && 'encode' in value && 'decode' in value;
}

/** Every message that leaves or enters a node, whoever added it. */
export function messageDecoders(): readonly Decoder[] {
  const exported: readonly (readonly [string, unknown])[] = Object.entries(wire);
  return exported
    .filter((each): each is readonly [string, MessageType<unknown>] => isMessageType(each[1]))
    .map(([name, type]) => ({
      name: `wire-${name}`,
      seeds: () => [...(MINE[name] ?? []), ...seedsOf(type)],
      read: (bytes) => {
        const message = decode(type, bytes);
        if (message === undefined) return 'refused';
        requireSame(encode(type, message), bytes);
        return `accepted ${shape(message)}`;
      },
    }));
}

/** What the generated code makes of nothing, with its plain fields filled in. */
function seedsOf(type: MessageType<unknown>): Uint8Array[] {
  const empty = type.decode(new Uint8Array(0));
  const filled = TEXTS.map((text, at) => fill(empty, text, at));
  return [empty, ...filled].map((message) => encode(type, message));
}

function fill(message: unknown, text: string, number: number): unknown {
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(
    Object.entries(message).map(([name, value]: [string, unknown]) => {
      if (typeof value === 'string') return [name, text];
      if (typeof value === 'boolean') return [name, number % 2 === 1];
      if (typeof value === 'number') return [name, number];
      if (typeof value === 'bigint') return [name, BigInt(number) << 40n];
      if (value instanceof Uint8Array) return [name, new TextEncoder().encode(text)];
      return [name, value];
    }),
  );
}

/** Which fields are there, two levels deep: what makes an accepted message a new one. */
function shape(message: unknown, depth = 2): string {
  if (message instanceof Uint8Array) return message.length === 0 ? '' : 'b';
  if (Array.isArray(message))
    return message.length === 0 ? '' : `[${shape(message[0], depth - 1)}]`;
  if (typeof message !== 'object' || message === null)
    return message === undefined || !message ? '' : typeof message === 'string' ? 's' : 'n';
  if (depth === 0) return 'o';
  const inner = Object.values(message).map((value) => shape(value, depth - 1));
  return `{${'$case' in message ? String(message.$case) : ''}${inner.join(',')}}`;
}
