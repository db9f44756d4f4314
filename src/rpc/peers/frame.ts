import { equal } from '../../common/index.js';
import type { Channel } from '../../ports/index.js';
import { decode, encode, levelNamed, TasksRequest, TasksResponse } from '../../wire/index.js';
import type { Hello } from '../../wire/index.js';
import { PeerServiceService } from '../../wire/services.js';

/*
 * RaftRequest and TasksRequest are { hello = 1 | message = 2 }. What they carry was encoded by the room that made it and
 * is decoded, strictly, by the room that it is for. So here a message is put behind its tag and length, and cut out again,
 * as it is: to decode and encode it once more would cost more than all the rest of a hop. Hellos are spelled alike on both
 * channels, so one codec reads and writes them.
 */

/** Where each channel's stream is. */
export const STREAM_PATHS: Readonly<Record<Channel, string>> = {
  raft: PeerServiceService.raft.path,
  tasks: PeerServiceService.tasks.path,
};

/** Field 1 and field 2, length-delimited. */
const HELLO_TAG = 0x0a;
const MESSAGE_TAG = 0x12;
/** Field 2 of a RaftMessage, `from`: a canonical encoding has nothing but its level before it. */
const FROM_TAG = 0x12;
/** Seven bits in each: more than any message is long. */
const LENGTH_BYTES_MAX = 4;

/** The request that carries `message`, in one copy. */
export function wrapMessage(message: Uint8Array): Buffer {
  const head = [MESSAGE_TAG, ...varint(message.length)];
  const frame = Buffer.allocUnsafe(head.length + message.length);
  frame.set(head);
  frame.set(message, head.length);
  return frame;
}

/** The message that a request carries, as a view; `undefined` for anything that {@link wrapMessage} would not write. */
export function unwrapMessage(frame: Uint8Array): Uint8Array | undefined {
  return fieldOf(frame, MESSAGE_TAG);
}

/** The feature level that the hello in a request or an answer names, whether this build can read the rest of it or not. */
export function helloLevel(frame: Uint8Array): number | undefined {
  const hello = fieldOf(frame, HELLO_TAG);
  return hello && levelNamed(hello);
}

/** The one field of a frame that has no other. */
function fieldOf(frame: Uint8Array, tag: number): Uint8Array | undefined {
  if (frame[0] !== tag) return undefined;
  const first = frame.subarray(1, 1 + LENGTH_BYTES_MAX);
  const last = first.findIndex((byte) => byte < 0x80);
  if (last < 0) return undefined;
  const start = 2 + last;
  const length = frame.length - start;
  return equal(first.subarray(0, last + 1), Uint8Array.from(varint(length)))
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
  const at = 1 + varint(level).length;
  return (
    raftMessage[at] === FROM_TAG &&
    raftMessage[at + 1] === sender.length &&
    equal(raftMessage.subarray(at + 2, at + 2 + sender.length), sender)
  );
}

/** A stream's first request. */
export function wrapHello(hello: Hello): Buffer {
  return Buffer.from(encode(TasksRequest, { request: { $case: 'hello', value: hello } }));
}

/** The hello that a stream's first request is; `undefined` for anything else. */
export function unwrapHello(frame: Uint8Array): Hello | undefined {
  const { request } = decode(TasksRequest, frame) ?? {};
  return request?.$case === 'hello' ? request.value : undefined;
}

/** The hello in a stream's answer; `undefined` for anything else. */
export function answeredHello(answer: Uint8Array): Hello | undefined {
  return decode(TasksResponse, answer)?.hello;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
