import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { toHex, utf8 } from '../../src/common/index.js';
import type { EntryKind } from '../../src/ports/index.js';
import { BUILD_LEVEL } from '../../src/identity/index.js';
import {
  auxiliaryOf,
  dueUpkeep,
  encodeCommand,
  generateKeyOf,
  METHODS,
  Overlay,
  readSets,
  setAsked,
  setOfKey,
  UPKEEP_METHODS,
} from '../../src/state/index.js';
import type { StateWrite } from '../../src/state/index.js';
import { isUpkeep } from '../../src/state/records.js';
import { requestBytesOf } from '../../src/state/requesters.js';
import { Draft } from '../../src/state/view.js';
import { memoryConsensusStore } from '../../src/store/index.js';
import {
  Algorithm,
  Authorization,
  Command,
  encode,
  Hash,
  RequesterRecord,
  RequireSignaturesRequest,
} from '../../src/wire/index.js';
import type { Attempt, Request, TaskRecord } from '../../src/wire/index.js';
import {
  APP,
  fill,
  generateRequest,
  Ledger,
  NODES,
  OPERATOR,
  signRequest,
  testGenesis,
} from '../support/builders/ledger.js';
import { prepared, prepareRequest, sessionAttempt } from '../support/builders/participant-sets.js';
import { Requester } from '../support/builders/requester.js';
import {
  alternativeNames,
  basicConstraints,
  CERT_SIGN,
  certificateOf,
  DIGITAL_SIGNATURE,
  draftOf,
  ed25519Keys,
  keyUsage,
  pemOf,
  sequence,
  TRUE,
  uri,
  utcTime,
} from '../support/builders/x509.js';

/** One entry as somebody might bring it into the log, honest or not. */
type Move = {
  readonly kind:
    | 'generate'
    | 'sign'
    | 'require'
    | 'upkeep'
    | 'attempt'
    | 'ready'
    | 'prepared'
    | 'installed'
    | 'done'
    | 'failed';
  readonly key: string;
  readonly id: string;
  readonly node: string;
  readonly requester: string;
  /** By the requester, and not by a node that vouches. */
  readonly signed: boolean;
  /** Which of the tasks there are. */
  readonly pick: number;
  /** Off by one in the attempt's number, or over another message. */
  readonly off: boolean;
  readonly passedMs: number;
};

/** Keys of Ed25519, whose signatures are the same each time: two ledgers get the same entries. */
const AUTHORITY = { name: 'requesters', keys: ed25519Keys() };
const validity = sequence(utcTime('230101000000Z'), utcTime('490101000000Z'));
const requesterCa = pemOf(
  certificateOf({
    ...draftOf(
      {
        subject: AUTHORITY.name,
        keys: AUTHORITY.keys,
        extensions: [basicConstraints(TRUE), keyUsage(CERT_SIGN)],
      },
      AUTHORITY,
    ),
    validity,
  }),
);
const REQUESTERS = new Map(
  [OPERATOR, APP].map((spiffeId) => {
    const keys = ed25519Keys();
    const draft = draftOf(
      {
        subject: 'requester',
        keys,
        extensions: [keyUsage(DIGITAL_SIGNATURE), alternativeNames(uri(spiffeId))],
      },
      AUTHORITY,
    );
    const certificate = pemOf(certificateOf({ ...draft, validity }));
    const privateKey = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    return [spiffeId, new Requester({ certificate, privateKey }, spiffeId)];
  }),
);

function signedRequest(
  ledger: Ledger,
  requester: string,
  method: string,
  request: Uint8Array,
): Request {
  const { clusterId } = ledger.rules.genesis;
  const parts = { clusterId, method, expireTimeMs: ledger.timeMs + 60_000, request };
  const value = REQUESTERS.get(requester)?.sign(parts) ?? Authorization.fromPartial({});
  return {
    method,
    request,
    authorization: { by: { $case: 'signed', value } },
    firstAttempt: undefined,
  };
}

/** The request, by its requester or by a node's word. */
function requestOf(
  ledger: Ledger,
  { requester, signed }: Move,
  method: string,
  request: Uint8Array,
): Request {
  return signed
    ? signedRequest(ledger, requester, method, request)
    : ledger.request(method, request, { requester });
}

const moves = fc.array(
  fc.record<Move>({
    kind: fc.constantFrom(
      'generate',
      'sign',
      'require',
      'upkeep',
      'attempt',
      'ready',
      'prepared',
      'installed',
      'done',
      'failed',
    ),
    // Those of "c" are GG20's.
    key: fc.constantFrom('a', 'b', 'c', 'c'),
    id: fc.constantFrom('one', 'two', 'three', 'four'),
    node: fc.constantFrom(...NODES),
    requester: fc.constantFrom(OPERATOR, APP),
    signed: fc.boolean(),
    pick: fc.nat(20),
    off: fc.boolean(),
    passedMs: fc.constantFrom(0, 0, 0, 1000, 3_700_000, 86_400_000),
  }),
  { minLength: 1, maxLength: 60 },
);

const smallGenesis = testGenesis({ keysMax: 3, requestIdsMax: 6, requesterCa });

function commandOf(ledger: Ledger, move: Move): NonNullable<Command['command']> | undefined {
  const { kind, key, id, node, pick, off } = move;
  const tasks = ledger.ask.tasks('', 100, false);
  const task: TaskRecord | undefined = tasks[pick % Math.max(1, tasks.length)];
  const number = (task?.attempts.length ?? 0) + (off ? 2 : 1);
  switch (kind) {
    case 'generate': {
      const algorithm = key === 'c' ? Algorithm.GG20_SECP256K1 : Algorithm.FROST_ED25519_SHA512;
      const request = generateRequest(key, { requestId: id, algorithm });
      return { $case: 'request', value: requestOf(ledger, move, METHODS.generateKey, request) };
    }
    case 'sign': {
      const hash = key === 'c' ? Hash.SHA256 : Hash.UNSPECIFIED;
      const request = signRequest(key, id, utf8(off ? 'other' : 'message'), [], hash);
      return { $case: 'request', value: requestOf(ledger, move, METHODS.sign, request) };
    }
    case 'require': {
      const request = encode(RequireSignaturesRequest, { requestId: id });
      const value = requestOf(ledger, move, METHODS.requireSignatures, request);
      return { $case: 'request', value };
    }
    case 'upkeep': {
      const [value] = dueUpkeep(ledger.state, ledger.rules, ledger.timeMs);
      const again = { method: UPKEEP_METHODS.prepare, request: prepareRequest(ledger) };
      return { $case: 'upkeep', value: value === undefined || off ? again : value };
    }
    case 'attempt':
      return task && { $case: 'attempt', value: attemptOf(ledger, task, number) };
    case 'ready':
      return task && { $case: 'ready', value: ledger.ready(task, node) };
    case 'prepared':
      return task && { $case: 'prepared', value: prepared(ledger, task, node) };
    case 'installed':
      return { $case: 'installed', value: ledger.installed(key, node) };
    case 'done':
      return (
        task && {
          $case: 'done',
          value: {
            taskId: task.taskId,
            attempt: off ? 9 : 1,
            material: task.keyId === 'c' ? Uint8Array.of(...fill(7, 64), 1) : fill(7, 64),
          },
        }
      );
    case 'failed':
      return (
        task && { $case: 'failed', value: { taskId: task.taskId, reason: 'NO', evidence: [] } }
      );
  }
}

/** An attempt as an honest leader makes it, but for its number. */
function attemptOf(ledger: Ledger, task: TaskRecord, number: number): Attempt {
  const value = ledger.signAttempt(task.keyId, task.taskId, number);
  const nodes = NODES.map((nodeId) => ({ nodeId, boot: fill(1, 16) }));
  const boots: Attempt = {
    ...value,
    sharingSession: fill(0, 0),
    assignment: { $case: 'boots', value: { nodes } },
  };
  if (task.kind === 'prepare') return { ...boots, version: 0 };
  if (task.kind === 'sign') {
    return task.keyId === 'c' ? sessionAttempt(ledger, 'c', task.taskId, number) : value;
  }
  const asked = generateKeyOf(task);
  const set = asked && setAsked(ledger.state, asked, ledger.rules);
  return { ...boots, auxiliary: set && auxiliaryOf(ledger.state, set) };
}

/** Everything in the state, as text. */
function dump(ledger: Ledger): string {
  return [...ledger.state.scan('')].map(([key, value]) => `${key}=${toHex(value)}`).join('\n');
}

function keysOf(ledger: Ledger, prefix: string): readonly string[] {
  return [...ledger.state.scan(prefix)].map(([key]) => key.slice(prefix.length));
}

function play(move: Move, ledger: Ledger): void {
  ledger.timeMs += move.passedMs;
  const command = commandOf(ledger, move);
  if (command !== undefined) ledger.command(command, BUILD_LEVEL);
}

describe('applying an entry', () => {
  test('applying is total: any bytes of any kind have effects or none', () => {
    const ledger = new Ledger();
    ledger.activeKey('a');
    const kinds = fc.constantFrom<EntryKind>('genesis', 'no-op', 'command', 'member');
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 300 }), (kind, bytes) => {
        const before = keysOf(ledger, '');
        ledger.append(kind, bytes);
        expect(keysOf(ledger, '')).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  test('applying is total: commands with bytes altered, added and cut off', () => {
    fc.assert(
      fc.property(
        moves,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.option(fc.nat(), { nil: undefined }),
        (played, flips, cut) => {
          const ledger = new Ledger(smallGenesis);
          ledger.activeKey('a');
          for (const move of played) {
            const command = commandOf(ledger, move);
            if (command === undefined) continue;
            const bytes = encodeCommand(command, BUILD_LEVEL);
            for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
            ledger.append('command', bytes.slice(0, cut === undefined ? undefined : cut % 400));
          }
          expect(keysOf(ledger, 'totals')).toHaveLength(1);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('applying is deterministic: two nodes with the same log hold the same bytes', () => {
    fc.assert(
      fc.property(moves, (played) => {
        const [one, other] = [new Ledger(smallGenesis), new Ledger(smallGenesis)];
        for (const move of played) {
          play(move, one);
          play(move, other);
        }
        expect(dump(one)).toBe(dump(other));
      }),
      { numRuns: 60 },
    );
  });

  test('a refused request leaves no trace except the time and the records that were due', () => {
    fc.assert(
      fc.property(moves, (played) => {
        const ledger = new Ledger(smallGenesis);
        ledger.activeKey('a');
        for (const move of played) {
          ledger.timeMs += move.passedMs;
          const command = commandOf(ledger, move);
          if (command === undefined) continue;
          const before = new Map(ledger.state.scan(''));
          const { decision } = ledger.command(command, BUILD_LEVEL);
          if (decision?.result.kind !== 'refused') continue;
          const after = new Map(ledger.state.scan(''));
          const written = [...after].filter(([key, value]) => value !== before.get(key));
          const gone = [...before.keys()].filter((key) => !after.has(key));
          const forgot = gone.some((key) => key.startsWith('task/'));
          const kept = written.map(([key]) => key);
          // What was due is forgotten in its requester's record, too.
          expect(kept.filter((key) => !forgot || !key.startsWith('requester/'))).toEqual([
            'totals',
          ]);
          expect(gone.every((key) => /^(timer|task|requester)\//.test(key))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a signed request with any part of it changed is refused and leaves no trace', () => {
    const change = fc.record({
      part: fc.constantFrom('request', 'signature', 'certificate', 'expiry', 'method'),
      at: fc.nat(),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.constantFrom(OPERATOR, APP), change, (requester, { part, at, bit }) => {
        const ledger = new Ledger(testGenesis({ requesterCa, unsigned: false }));
        const good = signedRequest(ledger, requester, METHODS.generateKey, generateRequest('a'));
        const signed = good.authorization?.by;
        if (signed?.$case !== 'signed') throw new Error('not signed');
        const flip = (bytes: Uint8Array): Uint8Array =>
          bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << bit) : byte));
        const { signature, certificates, expireTimeMs } = signed.value;
        const value = {
          signature: part === 'signature' ? flip(signature) : signature,
          certificates: part === 'certificate' ? certificates.map(flip) : certificates,
          expireTimeMs: part === 'expiry' ? expireTimeMs ^ (1n << BigInt(at % 40)) : expireTimeMs,
        };
        const altered: Request = {
          ...good,
          method: part === 'method' ? METHODS.sign : good.method,
          request: part === 'request' ? flip(good.request) : good.request,
          authorization: { by: { $case: 'signed', value } },
        };
        const before = keysOf(ledger, '');

        const { decision } = ledger.command({ $case: 'request', value: altered });

        expect(decision?.result.kind).toBe('refused');
        expect(keysOf(ledger, '')).toEqual(before);
        const again = ledger.command({ $case: 'request', value: good });
        expect(again.decision?.result.kind).toBe('opened');
      }),
      { numRuns: 1000 },
    );
  });

  test('unsigned requests, once off, stay off whatever the log holds', () => {
    let times = 0;
    fc.assert(
      fc.property(moves, (played) => {
        const ledger = new Ledger(smallGenesis);
        for (const move of played) {
          const before = ledger.ask.takesUnsigned();
          ledger.timeMs += move.passedMs;
          const command = commandOf(ledger, move);
          if (command === undefined) continue;
          const { decision } = ledger.command(command, BUILD_LEVEL);
          const opened = decision?.result.kind === 'opened';
          // Only an operator's own signature ends it, and nothing begins it again.
          const ended = move.kind === 'require' && move.signed && move.requester === OPERATOR;
          if (before && ended && opened) times += 1;
          expect(ledger.ask.takesUnsigned()).toBe(before && !(ended && opened));
          expect(opened && !move.signed && !before).toBe(false);
        }
      }),
      // About one run in six ends unsigned requests.
      { numRuns: 300 },
    );
    expect(times).toBeGreaterThan(10);
  });

  test('the totals equal the counts of the records, and keep within the limits', () => {
    fc.assert(
      fc.property(moves, (played) => {
        const ledger = new Ledger(smallGenesis);
        for (const move of played) {
          play(move, ledger);
          const totals = ledger.ask.totals();
          const openOf = (kind: string): number =>
            totals.open.find((each) => each.kind === kind)?.count ?? 0;
          const open = ledger.ask.tasks('', 100, true);
          const generating = open.filter(({ method }) => method === METHODS.generateKey);
          const preparing = open.filter(({ kind }) => kind === 'prepare');
          expect(totals.taskCount).toBe(keysOf(ledger, 'task/').length);
          expect(openOf('generate-key')).toBe(generating.length);
          expect(openOf('prepare')).toBe(preparing.length);
          expect(openOf('sign')).toBe(open.length - generating.length - preparing.length);
          expect(Number(totals.keyCount)).toBe(keysOf(ledger, 'key/').length);
          expect(keysOf(ledger, 'reserved/')).toEqual(generating.map(({ keyId }) => keyId).sort());
          const upkeep = ledger.ask.tasks('', 100, false).filter(isUpkeep);
          expect(totals.taskCount - upkeep.length).toBeLessThanOrEqual(6);
          expect(setsOf(ledger)).toEqual(recountedSets(ledger));
          // A ready finds its task by the session of the newest attempt, and only while the task is open.
          const sessions = [...generating, ...preparing].flatMap(
            ({ attempts }) => attempts.at(-1)?.sessionId ?? [],
          );
          expect(keysOf(ledger, 'session/')).toEqual(sessions.map(toHex).sort());
          expect(keysOf(ledger, 'timer/').length).toBe(totals.taskCount - open.length);
          expect(requestersOf(ledger)).toEqual(recounted(ledger));
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** What the state says that each requester holds, and the bytes of all open requests. */
function requestersOf(ledger: Ledger): unknown {
  const records = [...ledger.state.scan('requester/')].map(([key, value]) => {
    const { open, taskCount, openBytes, keyCount } = RequesterRecord.decode(value);
    const count = open.reduce((sum, each) => sum + each.count, 0);
    return [key.slice('requester/'.length), taskCount, count, Number(openBytes), keyCount];
  });
  return { records, openBytes: Number(ledger.ask.totals().openBytes) };
}

/** The same, counted anew. */
function recounted(ledger: Ledger): unknown {
  const tasks = ledger.ask.tasks('', 100, false);
  const keys = keysOf(ledger, 'key/').flatMap((name) => ledger.ask.key(name) ?? []);
  const names = new Set([
    ...tasks.filter((task) => !isUpkeep(task)).map(({ requester }) => requester),
    ...keys.map(({ owner }) => owner),
  ]);
  const records = [...names].sort().map((name) => {
    const own = tasks.filter(({ requester }) => requester === name);
    const open = own.filter(({ outcome }) => outcome === undefined);
    const bytes = open.reduce((sum, task) => sum + requestBytesOf(task), 0);
    const keyCount = keys.filter(({ owner }) => owner === name).length;
    return [name.slice('spiffe://quorate/'.length), own.length, open.length, bytes, keyCount];
  });
  const openBytes = records.reduce((sum, [, , , bytes]) => sum + Number(bytes), 0);
  return { records, openBytes };
}

type CountedSet = {
  readonly preparing: string;
  readonly keys: number;
  readonly generating: number;
};

/** What the record of the one set says that there is of it. */
function setsOf(ledger: Ledger): CountedSet {
  const [first] = readSets(ledger.state);
  const { taskId = '', keys, generating } = first?.[1] ?? {};
  return { preparing: taskId, keys: sumOf(keys), generating: sumOf(generating) };
}

function sumOf(counts: readonly { readonly count: number }[] = []): number {
  return counts.reduce((all, { count }) => all + count, 0);
}

/** The same, counted anew. */
function recountedSets(ledger: Ledger): CountedSet {
  const open = ledger.ask.tasks('', 100, true);
  const preparing = open.find(({ kind }) => kind === 'prepare')?.taskId ?? '';
  const generating = open.filter((task) => generateKeyOf(task)?.profile !== undefined).length;
  const keys = keysOf(ledger, 'key/').filter((name) => {
    const key = ledger.ask.key(name);
    return key !== undefined && setOfKey(key) !== undefined;
  });
  return { preparing, keys: keys.length, generating };
}

/** What a map says a scan must give. */
function scanOf(model: ReadonlyMap<string, Uint8Array>, prefix: string, from: string): unknown {
  return [...model]
    .filter(([name]) => name.startsWith(prefix) && name >= from)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('views', () => {
  const key = fc.stringMatching(/^[ab]\/[a-c]{1,2}$/);
  const change = fc.oneof(
    fc.record({ do: fc.constant('put' as const), key, value: fc.nat(255) }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constantFrom('take', 'flushed', 'draft', 'commit', 'drop') }),
  );

  test('an overlay over a store, and a draft over it, read like the map of all their writes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), key, async (changes, from) => {
        const store = memoryConsensusStore();
        const overlay = new Overlay(store);
        const below = new Map<string, Uint8Array>();
        let draft: { readonly view: Draft; readonly model: Map<string, Uint8Array> } | undefined;
        let riding: ReturnType<Overlay['pendingWrites']> | undefined;
        const write = (name: string, value: Uint8Array | undefined): void => {
          const model = draft?.model ?? below;
          if (value === undefined) model.delete(name);
          else model.set(name, value);
          const one: StateWrite = [name, value];
          if (draft === undefined) overlay.put([one]);
          else if (value === undefined) draft.view.delete(name);
          else draft.view.put(name, value);
        };
        for (const each of changes) {
          if (each.do === 'put' && 'value' in each) write(each.key, Uint8Array.of(each.value));
          else if (each.do === 'delete' && 'key' in each) write(each.key, undefined);
          else if (each.do === 'take') riding = overlay.pendingWrites();
          else if (each.do === 'flushed' && riding !== undefined) {
            await store.persist({ entries: [], writes: riding, applied: 0 });
            overlay.flushed(riding);
            riding = undefined;
          } else if (each.do === 'draft')
            draft ??= { view: new Draft(overlay), model: new Map(below) };
          else if (each.do === 'commit' && draft !== undefined) {
            overlay.put(draft.view.writes());
            below.clear();
            for (const [name, value] of draft.model) below.set(name, value);
            draft = undefined;
          } else if (each.do === 'drop') draft = undefined;

          const [view, model] = draft === undefined ? [overlay, below] : [draft.view, draft.model];
          expect([...view.scan('a/', from)]).toEqual(scanOf(model, 'a/', from));
          expect([...view.scan('a/')]).toEqual(scanOf(model, 'a/', 'a/'));
          expect([...view.scan('')]).toEqual(scanOf(model, '', ''));
          expect(view.get(from)).toEqual(model.get(from));
        }
      }),
      { numRuns: 200 },
    );
  });
});
