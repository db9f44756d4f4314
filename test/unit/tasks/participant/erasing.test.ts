import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, sessionId, toHex } from '../../../../src/common/index.js';
import type { SessionId } from '../../../../src/common/index.js';
import { ShareStoreError } from '../../../../src/ports/index.js';
import type { ShareStore } from '../../../../src/ports/index.js';
import { encodeCommand, resharingOf, sharingOf } from '../../../../src/state/index.js';
import type { ActiveKey } from '../../../../src/state/index.js';
import { memoryShareStore } from '../../../../src/store/index.js';
import { Erasing } from '../../../../src/tasks/participant/erasing.js';
import type { Sharing } from '../../../../src/wire/index.js';
import { fill, Ledger, NODES } from '../../../support/builders/ledger.js';
import {
  keyOf,
  refresh,
  sayInstalled,
  sayReady,
  versionAttempt,
} from '../../../support/builders/resharing.js';
import { ALGORITHM, dealKey, settle, TaskRoom } from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';
import { ed25519Suite } from '../../../support/builders/schemes.js';

const ID = 'treasury';

let ledger: Ledger;
let store: BreakableStore;
let room: TaskRoom;
let dealt: DealtKey;
beforeEach(() => {
  ledger = new Ledger();
  store = new BreakableStore();
  room = new TaskRoom('node-1', ledger, undefined, store.store);
  dealt = dealKey(ledger, ID);
});

/** A share store that a test can take away, or hold up. */
class BreakableStore {
  isAway = false;
  /** Deletions wait for it. */
  held: Promise<void> = Promise.resolve();
  readonly store: ShareStore;

  constructor() {
    const inner = memoryShareStore();
    this.store = {
      ...inner,
      get: (id) => inner.get(id),
      putIfAbsent: (...args) => inner.putIfAbsent(...args),
      replace: (...args) => inner.replace(...args),
      list: (page) => inner.list(page),
      close: () => inner.close(),
      delete: async (id) => {
        await this.held;
        if (this.isAway) throw new ShareStoreError('unavailable', 'the disk is away');
        await inner.delete(id);
      },
    };
  }
}

function erasingOf(queries: Pick<Ledger['ask'], 'key'> = ledger.ask): Erasing {
  return new Erasing(room.context, { queries, tasks: room.liveTasks(), keys: room.keys });
}

const sessionOf = ({ sessionId: session }: Pick<Sharing, 'sessionId'>): SessionId =>
  sessionId(toHex(session));

/** Keeps this node's share of version 1 as that of any sharing, with the record that a participant keeps beside it. */
async function keep(sharing: Sharing, record?: Uint8Array): Promise<SessionId> {
  const { publicPolynomial: V, publicKey } = dealt.record;
  const said = { nodeId: 'node-1', sharing, signature: fill(0, 64) };
  await room.keys.keep({
    keyId: keyId(ID),
    sessionId: sessionOf(sharing),
    version: sharing.version,
    algorithm: ALGORITHM,
    threshold: 2,
    V,
    publicKey,
    index: 1,
    scalar: dealt.scalars[0] ?? fill(0),
    record: record ?? encodeCommand({ $case: 'ready', value: said }),
  });
  return sessionOf(sharing);
}

/** A sharing of a session that is over, which made a share for a version. */
function madeFor(version: number, byte: number): Sharing {
  return { ...sharingOf(dealt.record), sessionId: fill(byte), version };
}

/** Has a refresh make the next version; gives the key that is active then. */
function refreshed(installedBy: readonly string[] = NODES): ActiveKey {
  ledger.timeMs = Number(resharingOf(keyOf(ledger, ID)).dueMs);
  const [task = ''] = refresh(ledger, ID).changedTasks;
  versionAttempt(ledger, ledger.task(task));
  const [first = fill(0)] = dealt.record.publicPolynomial;
  const second = ed25519Suite.group.encode(ed25519Suite.group.base);
  for (const node of NODES) sayReady(ledger, task, node, { publicPolynomial: [first, second] });
  for (const node of installedBy) sayInstalled(ledger, ID, node);
  return keyOf(ledger, ID);
}

async function kept(): Promise<readonly SessionId[]> {
  return (await room.keys.sessionsOf(keyId(ID))).toSorted();
}

async function looks(erasing: Erasing): Promise<void> {
  erasing.sweep();
  for (let turn = 0; turn < 50; turn++) await settle();
}

describe('a share of a version that is over', () => {
  test('stays while one participant has not said that it installed the next, and goes with the last word', async () => {
    const old = await keep(sharingOf(dealt.record));
    const key = refreshed(NODES.slice(1));
    const fresh = await keep(sharingOf(key));
    const erasing = erasingOf();
    erasing.keyChanged(key);
    await looks(erasing);
    expect(await kept()).toEqual([old, fresh].toSorted());

    sayInstalled(ledger, ID, 'node-1');
    erasing.keyChanged(keyOf(ledger, ID));
    await looks(erasing);
    expect(await kept()).toEqual([fresh]);
  });

  test('goes at a start as well, and from a node that has no share of the next version', async () => {
    await keep(sharingOf(dealt.record));
    refreshed();
    await looks(erasingOf());
    expect(await kept()).toEqual([]);
  });

  test('stays where a word in the state is not signed by the node that it names', async () => {
    const old = await keep(sharingOf(dealt.record));
    const key = refreshed();
    const [first, ...others] = key.installed;
    const forged = { ...key, installed: [{ ...first, signature: fill(7, 64) }, ...others] };
    const doubled = { ...key, installed: [others[0], ...others] };
    for (const said of [forged, doubled] as ActiveKey[]) {
      const erasing = erasingOf({ key: () => said });
      erasing.keyChanged(said);
      await looks(erasing);
      expect(await kept()).toEqual([old]);
    }
  });

  test('stays while the log of this node may be behind', async () => {
    const old = await keep(sharingOf(dealt.record));
    const key = refreshed();
    const erasing = erasingOf();
    room.status = { ...room.status, current: false };
    erasing.keyChanged(key);
    await looks(erasing);
    expect(await kept()).toEqual([old]);

    room.status = { ...room.status, current: true };
    await looks(erasing);
    expect(await kept()).toEqual([]);
  });

  test('is erased with the next look where the store was away', async () => {
    const old = await keep(sharingOf(dealt.record));
    const key = refreshed();
    store.isAway = true;
    const erasing = erasingOf();
    erasing.keyChanged(key);
    await looks(erasing);
    expect(await kept()).toEqual([old]);

    store.isAway = false;
    await looks(erasing);
    expect(await kept()).toEqual([]);
  });

  test('goes when all have installed the next version while one before it is being erased', async () => {
    await keep(sharingOf(dealt.record));
    const second = refreshed();
    await keep(sharingOf(second));
    const waiting: (() => void)[] = [];
    store.held = new Promise((resolve) => void waiting.push(resolve));
    const erasing = erasingOf();
    erasing.keyChanged(second);
    await looks(erasing);

    const third = refreshed();
    erasing.keyChanged(third);
    for (const letGo of waiting) letGo();
    await looks(erasing);
    expect(await kept()).toEqual([]);
  });

  test('is none where its record cannot be read, or names another public key', async () => {
    const unread = await keep(madeFor(1, 1), fill(255));
    const other = await keep({ ...madeFor(1, 2), publicKey: fill(9) });
    refreshed();
    await looks(erasingOf());
    expect(await kept()).toEqual([unread, other].toSorted());
  });

  test('stays when the process ends before its turn', async () => {
    const old = await keep(sharingOf(dealt.record));
    const key = refreshed();
    const erasing = erasingOf();
    erasing.close();
    erasing.keyChanged(key);
    await looks(erasing);
    expect(await kept()).toEqual([old]);
  });
});

describe('room for one more share', () => {
  test('is made of the share of the earliest version that no task can make active, and never of the first', async () => {
    const first = await keep(sharingOf(dealt.record));
    const [later, earlier] = [await keep(madeFor(4, 4)), await keep(madeFor(3, 3))];
    const erasing = erasingOf();
    expect(await erasing.makeRoom(dealt.record)).toBe(true);
    expect(await kept()).toEqual([first, later].toSorted());
    expect(await erasing.makeRoom(dealt.record)).toBe(true);
    expect(await kept()).toEqual([first]);
    expect(earlier).not.toBe(later);
    expect(await erasing.makeRoom(dealt.record)).toBe(false);
    expect(await kept()).toEqual([first]);
  });

  test('is not made of the version in use, nor of the one before it, nor of an attempt that is open', async () => {
    const before = refreshed();
    const after = refreshed([]);
    ledger.timeMs = Number(resharingOf(after).dueMs);
    const tasks = room.liveTasks();
    const inUse = [await keep(sharingOf(before)), await keep(sharingOf(after))];
    const erasing = new Erasing(room.context, { queries: ledger.ask, tasks, keys: room.keys });
    expect(await erasing.makeRoom(after)).toBe(false);

    const stale = await keep(madeFor(3, 9));
    expect(await erasing.makeRoom(after)).toBe(true);
    expect(await kept()).toEqual(inUse.toSorted());
    expect(inUse).not.toContain(stale);
  });

  test('is not made of the share of an open attempt', async () => {
    ledger.timeMs = Number(resharingOf(keyOf(ledger, ID)).dueMs);
    const [id = ''] = refresh(ledger, ID).changedTasks;
    versionAttempt(ledger, ledger.task(id));
    const tasks = room.liveTasks();
    const task = tasks.refresh([...tasks.openAfter('', 9)][0] ?? fail());
    const attempt = task?.attempts.at(-1) ?? fail();
    const open = await keep({ ...madeFor(2, 1), sessionId: attempt.record.sessionId });
    const erasing = new Erasing(room.context, { queries: ledger.ask, tasks, keys: room.keys });
    expect(await erasing.makeRoom(keyOf(ledger, ID))).toBe(false);
    expect(await kept()).toEqual([open]);
  });
});

function fail(): never {
  throw new Error('the room is not in order');
}
