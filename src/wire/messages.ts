import { decode, encode } from './decode.js';
import { TaskMessage } from './gen/quorate/peer/v1/task_message.js';

/** What a message of a session stream says, without the level that it names. */
export type SessionBody = Pick<TaskMessage, 'message'>;

/** The feature level that each kind of message of a session stream came with. */
const SESSION_LEVELS: Readonly<Record<NonNullable<SessionBody['message']>['$case'], number>> = {
  envelope: 1,
  contribution: 1,
  wantSupplies: 1,
  freshSupplies: 1,
  forward: 1,
  forwardRefused: 1,
  fact: 1,
};

/** The bytes of a message of a session stream, which name the level that its kind came with. */
export function encodeSession({ message }: SessionBody): Uint8Array {
  return encode(TaskMessage, {
    level: message === undefined ? 1 : SESSION_LEVELS[message.$case],
    message,
  });
}

/** Reads a message of a session stream; `undefined` for what is not canonical, or names another level than its kind's. */
export function decodeSession(bytes: Uint8Array): SessionBody | undefined {
  const read = decode(TaskMessage, bytes);
  if (read?.message === undefined) return undefined;
  return read.level === SESSION_LEVELS[read.message.$case] ? read : undefined;
}
