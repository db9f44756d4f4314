import { BSON } from 'mongodb';

/** A command that came over MongoDB's wire protocol. */
export type WireMessage = {
  readonly requestId: number;
  readonly isQuery: boolean;
  readonly command: Record<string, unknown>;
};

const HEADER_BYTES = 16;
const OP_QUERY = 2004;
const OP_REPLY = 1;
const OP_MSG = 2013;

export function joinWire(rest: Buffer, bytes: Buffer): Buffer {
  return Buffer.concat([rest, bytes]);
}

/** The whole messages in `bytes`, and what is behind them. */
export function splitWire(bytes: Buffer): {
  readonly messages: readonly WireMessage[];
  readonly rest: Buffer;
} {
  const messages: WireMessage[] = [];
  let at = 0;
  while (bytes.length - at >= 4 && bytes.length - at >= bytes.readInt32LE(at)) {
    const length = bytes.readInt32LE(at);
    messages.push(read(bytes.subarray(at, at + length)));
    at += length;
  }
  return { messages, rest: bytes.subarray(at) };
}

/** The message that answers `to`. */
export function wireReply(to: WireMessage, answer: Record<string, unknown>): Buffer {
  const body = Buffer.from(BSON.serialize(answer));
  const before = to.isQuery ? Buffer.alloc(20) : Buffer.alloc(5);
  // OP_REPLY: flags, cursor id, starting from, number returned. OP_MSG: flags, then one section of kind 0.
  if (to.isQuery) before.writeInt32LE(1, HEADER_BYTES);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + before.length + body.length, 0);
  header.writeInt32LE(to.requestId, 8);
  header.writeInt32LE(to.isQuery ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, before, body]);
}

function read(message: Buffer): WireMessage {
  const requestId = message.readInt32LE(4);
  const kind = message.readInt32LE(12);
  if (kind === OP_QUERY) {
    // flags (4), the collection's name and a zero byte, skip (4), number to return (4), the query.
    const end = message.indexOf(0, HEADER_BYTES + 4) + 1 + 8;
    return { requestId, isQuery: true, command: parsed(message.subarray(end)) };
  }
  if (kind !== OP_MSG) throw new Error(`a message of kind ${kind}`);
  const command: Record<string, unknown> = {};
  let at = HEADER_BYTES + 4;
  while (at < message.length) {
    const section = message[at];
    const length = message.readInt32LE(at + 1);
    const part = message.subarray(at + 1, at + 1 + length);
    Object.assign(command, section === 0 ? parsed(part) : sequence(part));
    at += 1 + length;
  }
  return { requestId, isQuery: false, command };
}

/** A section of kind 1: its length, a name, documents. */
function sequence(part: Buffer): Record<string, unknown> {
  const end = part.indexOf(0, 4);
  const name = part.subarray(4, end).toString('utf8');
  const documents: unknown[] = [];
  let at = end + 1;
  while (at < part.length) {
    const length = part.readInt32LE(at);
    documents.push(parsed(part.subarray(at, at + length)));
    at += length;
  }
  return { [name]: documents };
}

function parsed(bytes: Buffer): Record<string, unknown> {
  return BSON.deserialize(bytes, { promoteBuffers: false, useBigInt64: true });
}
