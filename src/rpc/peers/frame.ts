import { equal } from '../../common/index.js';
import type { Channel } from '../../ports/index.js';
import { decode, encode, levelNamed, TasksRequest, TasksResponse } from '../../wire/index.js';
import type { Hello } from '../../wire/index.js';
import { PeerServiceService } from '../../wire/services.js';
import { FRAME_MESSAGES_MAX } from '../limits.js';

/*
 * RaftRequest and TasksRequest are { hello = 1, messages = 2 }, and tasks = 3 on the stream of consensus. What they carry was
 * encoded by the room that made it and is decoded, strictly, by the room that it is for. So here a message is put behind
 * its tag and length, and cut out again, as it is: to decode and encode it once more would cost more than all the rest of a
 * hop. Hellos are spelled alike on both channels, so one codec reads and writes them.
 */

/** The messages of one frame, in order. */
export type FrameMessages = {
  /** Of the channel that the stream is for. */
  readonly own: readonly Uint8Array[];
  /** Of tasks, on the stream of consensus. */
  readonly riding: readonly Uint8Array[];
};

/** Where each channel's stream is. */
export const STREAM_PATHS: Readonly<Record<Channel, string>> = {
  raft: PeerServiceService.raft.path,
  tasks: PeerServiceService.tasks.path,
};

/** The level of the first build that reads more than one message in a frame. */
const MANY_LEVEL = 3;

/** Fields 1, 2 and 3, length-delimited. */
const HELLO_TAG = 0x0a;
const MESSAGE_TAG = 0x12;
const RIDING_TAG = 0x1a;
/** Field 2 of a RaftMessage, `from`: a canonical encoding has nothing but its level before it. */
const FROM_TAG = 0x12;
/** Seven bits in each: more than any message is long. */
const LENGTH_BYTES_MAX = 4;

/** Claims that a peer whose build has this level reads frames of many messages. */
export function readsMany(buildLevel: number): boolean {
  return buildLevel >= MANY_LEVEL;
}

/** The bytes that a message takes in a frame. */
export function bytesInFrame(message: Uint8Array): number {
  return 1 + varintBytes(message.length) + message.length;
}

/** The request that carries these messages, in one copy. */
export function packFrame({ own, riding }: FrameMessages): Buffer {
  const all = [...own, ...riding];
  const frame = Buffer.allocUnsafe(all.reduce((sum, each) => sum + bytesInFrame(each), 0));
  let at = 0;
  for (const [position, message] of all.entries()) {
    frame[at++] = position < own.length ? MESSAGE_TAG : RIDING_TAG;
    at = putVarint(frame, at, message.length);
    frame.set(message, at);
    at += message.length;
  }
  return frame;
}

/**
 * The messages that a request carries, as views; `undefined` for anything that {@link packFrame} would not write, for a
 * request without a message of the stream's own channel, and for more than {@link FRAME_MESSAGES_MAX}.
 */
export function unpackFrame(frame: Uint8Array, channel: Channel): FrameMessages | undefined {
  const messages: { own: Uint8Array[]; riding: Uint8Array[] } = { own: [], riding: [] };
  let at = 0;
  for (let count = 0; at < frame.length; count++) {
    const isRiding = frame[at] === RIDING_TAG;
    if (count >= FRAME_MESSAGES_MAX || (isRiding && channel !== 'raft')) return undefined;
    // In order of number, as protobuf's encoders write fields.
    if (!isRiding && (frame[at] !== MESSAGE_TAG || messages.riding.length > 0)) return undefined;
    const field = fieldAt(frame, at);
    if (field === undefined) return undefined;
    (isRiding ? messages.riding : messages.own).push(field);
    at += bytesInFrame(field);
  }
  return messages.own.length === 0 ? undefined : messages;
}

/** The feature level that the hello in a request or an answer names, whether this build can read the rest of it or not. */
export function helloLevel(frame: Uint8Array): number | undefined {
  const hello = fieldOf(frame, HELLO_TAG);
  return hello && levelNamed(hello);
}

/** The one field of a frame that has no other. */
function fieldOf(frame: Uint8Array, tag: number): Uint8Array | undefined {
  if (frame[0] !== tag) return undefined;
  const field = fieldAt(frame, 0);
  return field !== undefined && bytesInFrame(field) === frame.length ? field : undefined;
}

/** The content of the length-delimited field that begins at `at`; `undefined` where it is cut off, or its length has a longer spelling. */
function fieldAt(frame: Uint8Array, at: number): Uint8Array | undefined {
  let [length, start] = [0, at + 1];
  for (let shift = 0; ; shift += 7) {
    const byte = frame[start++];
    if (byte === undefined || shift >= 7 * LENGTH_BYTES_MAX) return undefined;
    length |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (byte === 0 && shift > 0) return undefined;
    break;
  }
  return start + length <= frame.length
    ? new Uint8Array(frame.buffer, frame.byteOffset + start, length)
    : undefined;
}

/**
 * Claims that an encoded RaftMessage names `sender` (UTF-8) in `from`. Looks at the first two fields only: bytes that say
 * something else later are not canonical, and refused where they are decoded.
 */
export function isFrom(raftMessage: Uint8Array, sender: Uint8Array): boolean {
  const level = levelNamed(raftMessage);
  if (level === undefined) return false;
  const at = 1 + varintBytes(level);
  return (
    raftMessage[at] === FROM_TAG &&
    raftMessage[at + 1] === sender.length &&
    equal(raftMessage.subarray(at + 2, at + 2 + sender.length), sender)
  );
}

/** A stream's first request. */
export function wrapHello(hello: Hello): Buffer {
  return Buffer.from(encode(TasksRequest, { hello, messages: [] }));
}

/** The hello that a stream's first request is; `undefined` for anything else. */
export function unwrapHello(frame: Uint8Array): Hello | undefined {
  const { hello, messages = [] } = decode(TasksRequest, frame) ?? {};
  return messages.length === 0 ? hello : undefined;
}

/** The hello in a stream's answer; `undefined` for anything else. */
export function answeredHello(answer: Uint8Array): Hello | undefined {
  return decode(TasksResponse, answer)?.hello;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) bytes += 1;
  return bytes;
}

/** @returns Where it ends. */
function putVarint(into: Uint8Array, from: number, value: number): number {
  let at = from;
  for (let rest = value; ; rest >>>= 7) {
    into[at++] = rest > 0x7f ? (rest & 0x7f) | 0x80 : rest;
    if (rest <= 0x7f) return at;
  }
}
