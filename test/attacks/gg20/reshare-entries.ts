import { keyId, nodeId, sessionId, toHex } from '../../../src/common/index.js';
import type { SessionId } from '../../../src/common/index.js';
import { encodeCommand, resharedKeyOf } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { Erasing } from '../../../src/tasks/participant/erasing.js';
import type { ErasingParts } from '../../../src/tasks/participant/erasing.js';
import { activeGg20Key } from '../../support/builders/participant-sets.js';
import { GENESIS_MS, NODES } from '../../support/builders/ledger.js';
import type { Ledger } from '../../support/builders/ledger.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import {
  keyAmong,
  keyOf,
  makeVersion,
  reshare,
  reshareLedger,
  sayInstalled,
  sayReady,
  versionAttempt,
} from '../../support/builders/resharing.js';
import { settle } from '../../support/builders/task-room.js';
import { stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { removal } from './key-runs.js';

const KEY = 'treasury';
const BREAKS = 'an attempt that breaks the rules';

/** A ledger of three nodes, with a key and an open reshare of it. */
async function opened(make: (ledger: Ledger) => void) {
  const authority = await RequesterAuthority.create(GENESIS_MS);
  const operator = await authority.requester('operator', 'alice');
  const ledger = reshareLedger(authority, NODES);
  make(ledger);
  const [id = ''] = reshare(ledger, operator, KEY).changedTasks;
  return { ledger, id };
}

/** The set’s moduli are as old as the version before: a node that was open then, and is clean now, has told its primes. */
async function oldMaterial(): Promise<Attempt> {
  const { ledger, id } = await opened((of) => activeGg20Key(of, KEY, { algorithm: 5 }));
  return versionAttempt(ledger, ledger.task(id)).alarm === BREAKS
    ? stoppedBy(BREAKS)
    : unstopped('a refreshed key beside moduli that are known');
}

/** One of three receivers has no share, or a wrong one, and the leader counts two. */
async function readyOfSome(): Promise<Attempt> {
  const { ledger, id } = await opened((of) => keyAmong(of, KEY));
  versionAttempt(ledger, ledger.task(id));
  for (const node of NODES.slice(0, 2)) {
    if (ledger.task(id).outcome === undefined) sayReady(ledger, id, node);
  }
  return resharedKeyOf(ledger.task(id)) === undefined
    ? stoppedBy('no version is active without every ready')
    : unstopped('a version of which not all receivers have a share');
}

/** All but one have installed the new version: nothing says that the one has more than the old share. */
async function installedOfSome(): Promise<Attempt> {
  const { ledger, id } = await opened((of) => keyAmong(of, KEY));
  const old = keyOf(ledger, KEY);
  makeVersion(ledger, id, false);
  for (const node of NODES.slice(0, 2)) sayInstalled(ledger, KEY, node);
  const erased = await erasedFor(ledger, [old, keyOf(ledger, KEY)]);
  return erased.includes(sessionOf(old))
    ? unstopped('a node that forgets its old share before all have the new one')
    : stoppedBy('no old share is erased before all have installed');
}

const sessionOf = (key: ActiveKey): SessionId => sessionId(toHex(key.sessionId));

/** The sessions whose shares a node erases that keeps those of all these versions. */
async function erasedFor(
  ledger: Ledger,
  versions: readonly ActiveKey[],
): Promise<readonly SessionId[]> {
  const erased: SessionId[] = [];
  const record = (session: SessionId): Uint8Array | undefined => {
    const key = versions.find((each) => sessionOf(each) === session);
    const { participants, ...sharing } = key ?? keyOf(ledger, KEY);
    const [first] = NODES;
    const value = {
      nodeId: nodeId(first ?? ''),
      sharing: {
        ...sharing,
        participants: [...participants],
        requestHash: new Uint8Array(32),
        baseVersion: 0,
      },
      signature: new Uint8Array(64),
    };
    return encodeCommand({ $case: 'ready', value });
  };
  const keys: ErasingParts['keys'] = {
    kept: () => Promise.resolve([keyId(KEY)]),
    sessionsOf: () => Promise.resolve(versions.map(sessionOf)),
    record: (_, session) => Promise.resolve(record(session)),
    erase: (_, session) => {
      erased.push(session);
      return Promise.resolve();
    },
  };
  const erasing = new Erasing(
    {
      consensus: { status: () => ({ current: true }) } as never,
      judging: ledger.rules,
      logger: { info: () => undefined, warn: () => undefined } as never,
    },
    { queries: ledger.ask, tasks: { attempt: () => undefined }, keys },
  );
  erasing.keyChanged(keyOf(ledger, KEY));
  await settle();
  erasing.sweep();
  await settle();
  return erased;
}

export const RESHARE_ENTRIES: readonly Gg20Attack[] = [
  {
    row: 16,
    name: 'installed of a reshare by two of three receivers',
    stopped: 'no old share is erased before all have installed',
    removed: [
      removal(
        'tasks/participant/erasing.js',
        'return version > FIRST_VERSION && installed.length === participants.length;',
        'return true;',
      ),
      removal(
        'tasks/participant/erasing.js',
        'return key.participants.every(({ nodeId }) => {',
        'return key.installed.every(({ nodeId }) => {',
      ),
    ],
    run: installedOfSome,
  },
  {
    row: 17,
    name: 'ready of a reshare by two of three receivers',
    stopped: 'no version is active without every ready',
    removed: [removal('state/apply-facts.js', 'said.length === sharing.participants.length && ')],
    run: readyOfSome,
  },
  {
    row: 43,
    name: 'a reshare under moduli from before its base version',
    stopped: BREAKS,
    removed: [
      removal(
        'state/kinds/new-version.js',
        ' && begun > activeIndex && begun > materialAfterIndex',
      ),
    ],
    run: oldMaterial,
  },
];
