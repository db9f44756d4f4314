/**
 * Loaded into a node before its program (`node --import`), it notes when the steps of a signature happen there, and every
 * frame that leaves: {@link MARKS_FOLDER} names the folder that the notes are written into when the process ends. The
 * program itself knows nothing of it: methods are wrapped from outside, and what they are given is read only at the end.
 */
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { operationOf } from '../src/api/index.js';
import type { NodeId } from '../src/common/index.js';
import type { Channel } from '../src/ports/index.js';
import { decodeMessage } from '../src/raft/decode-message.js';
import { Raft } from '../src/raft/raft.js';
import { RaftDriver } from '../src/raft/driver.js';
import { Writer } from '../src/raft/writer.js';
import { unpackFrame } from '../src/rpc/peers/frame.js';
import { PeerLink } from '../src/rpc/peers/peer-link.js';
import { PeerNetwork } from '../src/rpc/peers/peer-network.js';
import { PeerStream } from '../src/rpc/peers/peer-stream.js';
import { Answers } from '../src/tasks/participant/answers.js';
import { EarlyAnswers } from '../src/tasks/requests/early-answers.js';
import { PendingCalls } from '../src/tasks/requests/pending-calls.js';
import { TaskManager } from '../src/tasks/task-manager.js';
import { decodeTaskMessage } from '../src/wire/index.js';
import { SigningServiceService } from '../src/wire/services.js';
import { MARKS_FOLDER, nowMs } from './mark.js';
import type { Mark } from './mark.js';

type Noted = Omit<Mark, 'messages'> & {
  readonly carried?: { readonly channel: Channel; readonly frame: Uint8Array };
};

const noted: Noted[] = [];
const node = basename(dirname(process.argv[process.argv.indexOf('--config') + 1] ?? ''));

function note(what: string, more: Omit<Noted, 'atMs' | 'node' | 'what'> = {}): void {
  noted.push({ atMs: nowMs(), node, what, ...more });
}

type Method = (...given: never[]) => unknown;

/** Calls `before` with what a method is given, each time that it is called. */
function before<Name extends string, Of extends { [name in Name]: Method }>(
  of: Of,
  name: Name,
  look: (self: Of, ...given: Parameters<Of[Name]>) => void,
): void {
  const method: Method = of[name];
  of[name] = function (this: Of, ...given: Parameters<Of[Name]>): unknown {
    look(this, ...given);
    return method.apply(this, given);
  } as Of[Name];
}

/** The names of what a frame carries. */
function namesIn(channel: Channel, frame: Uint8Array): readonly string[] {
  const unpacked = unpackFrame(frame, channel);
  if (unpacked === undefined) return ['hello'];
  const own = unpacked.own.map(channel === 'raft' ? raftName : taskName);
  return [...own, ...unpacked.riding.map(taskName)];
}

function raftName(bytes: Uint8Array): string {
  const message = decodeMessage(bytes);
  if (message?.type !== 'append') return message?.type ?? 'unknown';
  const { length } = message.entries;
  return length === 0 ? 'append, empty' : `append of ${length}`;
}

function taskName(bytes: Uint8Array): string {
  const message = decodeTaskMessage(bytes)?.message;
  if (message?.$case !== 'contribution') return message?.$case ?? 'unknown';
  return message.value.freshSupplies === undefined ? 'share' : 'share with supplies';
}

/** Frames: to whom, and what is in them. */
function watchFrames(): void {
  const ends = new WeakMap<PeerLink, { readonly to: NodeId; readonly channel: Channel }>();
  let sending: { readonly to: NodeId; readonly channel: Channel } | undefined;
  let flushing: PeerLink | undefined;
  before(PeerNetwork.prototype, 'send', (_, to, channel) => (sending = { to, channel }));
  before(PeerLink.prototype, 'send', (link) => {
    if (sending !== undefined) ends.set(link, sending);
  });
  before(PeerLink.prototype, 'flush', (link) => (flushing = link));
  before(PeerStream.prototype, 'write', (_, frame) => {
    const end = flushing === undefined ? undefined : ends.get(flushing);
    if (end === undefined) return;
    const { to, channel } = end;
    note('frame', { to, bytes: frame.length, carried: { channel, frame } });
  });
}

function watchSteps(): void {
  const sign = operationOf(SigningServiceService.sign.path);
  if (sign === undefined) throw new Error('There is no operation to sign');
  before(sign as { handle: typeof sign.handle }, 'handle', () => note('call read'));
  before(RaftDriver.prototype, 'receive', (_, from, bytes) =>
    note(`came: ${raftName(bytes)}`, { from }),
  );
  before(TaskManager.prototype, 'receive', (_, from, bytes) =>
    note(`came: ${taskName(bytes)}`, { from }),
  );
  before(RaftDriver.prototype, 'propose', () => note('entry proposed'));
  before(Writer.prototype, 'write', (_, persist) => {
    if (persist !== undefined && persist.entries.length > 0) note('write begins');
  });
  before(Raft.prototype, 'persisted', (_, last) => {
    if (last > 0) note('entry durable');
  });
  before(TaskManager.prototype, 'applied', () => note('entry applied'));
  before(Answers.prototype, 'contribute', () => note('share made'));
  before(EarlyAnswers.prototype, 'news', () => note('sum verified'));
  before(TaskManager.prototype, 'submit', () => note('request checked'));
  before(PendingCalls.prototype, 'delete', () => note('answer leaves'));
}

const folder = process.env[MARKS_FOLDER];
if (folder !== undefined && isMainThread && process.argv.includes('--config')) {
  watchFrames();
  watchSteps();
  process.once('exit', () => {
    const marks: readonly Mark[] = noted.map(({ carried, ...mark }) => ({
      ...mark,
      ...(carried !== undefined && { messages: namesIn(carried.channel, carried.frame) }),
    }));
    writeFileSync(join(folder, `${node}.json`), JSON.stringify(marks));
  });
}
