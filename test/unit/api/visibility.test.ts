import { expect, test } from '@jest/globals';
import { OPERATIONS } from '../../../src/api/index.js';
import type { ApiContext, Backend, Call, Method } from '../../../src/api/index.js';
import { ClusterError, taskId } from '../../../src/common/index.js';
import { parseSpiffe } from '../../../src/identity/index.js';
import { ListIndex } from '../../../src/state/index.js';
import {
  encode,
  GetKeyRequest,
  GetTaskRequest,
  ListKeysRequest,
  ListTasksRequest,
} from '../../../src/wire/index.js';
import type {
  GetKeyResponse,
  GetTaskResponse,
  ListKeysResponse,
  ListTasksResponse,
} from '../../../src/wire/index.js';
import { Ledger } from '../../support/builders/ledger.js';
import { toTheEnd } from '../../support/builders/sliced.js';

const OWNER = 'spiffe://quorate/app/owner';
const SIGNER = 'spiffe://quorate/app/signer';
const OTHER = 'spiffe://quorate/app/other';
const OPERATOR = 'spiffe://quorate/operator/alice';
const AUDITOR = 'spiffe://quorate/auditor/eve';

/** The keys of the ledger, and the requester whose tasks are about each. `missing` is not there. */
const KEYS = { shared: [OWNER, SIGNER], own: [OWNER], operators: [OPERATOR] } as const;
const MISSING = 'missing';
const ALL_KEYS = ['operators', 'own', 'shared'];

/** The rule: the keys that each caller sees, and the requesters whose tasks it sees. */
const SEES: Readonly<
  Record<string, { readonly keys: readonly string[]; readonly tasksOf: readonly string[] }>
> = {
  [OWNER]: { keys: ['own', 'shared'], tasksOf: [OWNER] },
  [SIGNER]: { keys: ['shared'], tasksOf: [SIGNER] },
  [OTHER]: { keys: [], tasksOf: [] },
  [OPERATOR]: { keys: ALL_KEYS, tasksOf: [OWNER, SIGNER, OPERATOR] },
  [AUDITOR]: { keys: ALL_KEYS, tasksOf: [OWNER, SIGNER, OPERATOR] },
};

const ledger = new Ledger();
ledger.activeKey('shared', { requester: OWNER, allowedSigners: [SIGNER] });
ledger.activeKey('own', { requester: OWNER });
ledger.activeKey('operators', { requester: OPERATOR });
const signings = Object.entries(KEYS).flatMap(([key, requesters]) =>
  requesters.map((requester, at) => {
    ledger.timeMs += 1;
    const [id = taskId('')] = ledger.sign(key, `${key}-${at}`, { requester }).changedTasks;
    return { id, requester };
  }),
);
const NO_TASK = 'a'.repeat(26);

const index = new ListIndex(ledger.state);
toTheEnd(index.build());
const context: ApiContext = {
  backend: () =>
    ({
      read: () => Promise.resolve(ledger.ask),
      local: () => ledger.ask,
      culprits: () => Promise.resolve([]),
      listTasks: (filter, page) => Promise.resolve(toTheEnd(index.tasks(filter, page))),
      listKeys: (filter, page) => Promise.resolve(toTheEnd(index.keys(filter, page))),
    }) satisfies Partial<Backend> as Partial<Backend> as Backend,
  genesis: ledger.rules.genesis,
  softwareVersion: '',
  node: {
    nowMs: () => 0,
    addressOf: () => undefined,
    certificateEndMs: () => undefined,
    certifiedBy: () => undefined,
    curveBackends: {},
  },
};

async function call(spiffeId: string, method: Method, bytes: Uint8Array): Promise<unknown> {
  const caller = parseSpiffe(spiffeId);
  if (caller === undefined) throw new Error(`${spiffeId} is no identity`);
  const time = { totalMs: 1, signal: new AbortController().signal } as Call['time'];
  const given: Call = {
    method,
    bytes,
    caller,
    metadata: { get: () => [] },
    time,
    measure: (step) => step(),
  };
  return OPERATIONS[method].handle(context, given);
}

/** The id of what is shown; or the error's code, reason and words, without the id in them. */
async function shown(
  asked: string,
  answer: Promise<unknown>,
  idOf: (answer: never) => unknown,
): Promise<unknown> {
  try {
    return idOf((await answer) as never);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return [error.code, error.reason, error.message.replace(asked, '…'), error.details.field];
  }
}

const getKey = (caller: string, keyId: string): Promise<unknown> =>
  shown(
    keyId,
    call(caller, '/quorate.v1.KeyService/GetKey', encode(GetKeyRequest, { keyId })),
    ({ key }: GetKeyResponse) => key?.keyId,
  );
const getTask = (caller: string, id: string): Promise<unknown> =>
  shown(
    id,
    call(caller, '/quorate.v1.TaskService/GetTask', encode(GetTaskRequest, { taskId: id })),
    ({ task }: GetTaskResponse) => task?.taskId,
  );
/** How the log refuses the caller's Sign with a key; nothing when it does not. */
function signing(caller: string, keyId: string): unknown {
  const { decision } = ledger.sign(keyId, `try-${keyId}-${ledger.entries.length}`, {
    requester: caller,
  });
  if (decision?.result.kind !== 'refused') return undefined;
  const { code, reason, message, field } = decision.result.refusal;
  return [code, reason, message.replace(keyId, '…'), field];
}

test.each(Object.keys(SEES))(
  '%s sees its keys one by one and in lists, and no others',
  async (who) => {
    const keys = SEES[who]?.keys ?? [];
    const answers = await Promise.all(ALL_KEYS.map((key) => getKey(who, key)));
    const list = await call(
      who,
      '/quorate.v1.KeyService/ListKeys',
      encode(ListKeysRequest, ListKeysRequest.fromPartial({})),
    );

    expect(answers.filter((each) => typeof each === 'string')).toEqual(keys);
    expect((list as ListKeysResponse).keys.map(({ keyId }) => keyId)).toEqual(keys);
    expect(list).toMatchObject({ moreCount: 0, nextPageToken: '' });
    // A key that the caller may not see, and one that is not there: the same answer, and the same of Sign.
    const hidden = ALL_KEYS.filter((key) => !keys.includes(key));
    const missing = await getKey(who, MISSING);
    expect(await Promise.all(hidden.map((key) => getKey(who, key)))).toEqual(
      hidden.map(() => missing),
    );
  },
);

test.each([OWNER, SIGNER, OTHER])(
  'Sign and GetKey tell %s the same of a key that it may not see and of none',
  async (who) => {
    const hidden = ALL_KEYS.filter((key) => SEES[who]?.keys.includes(key) !== true);
    expect(hidden.length).toBeGreaterThan(0);
    const refused: unknown = expect.arrayContaining(['forbidden', 'KEY_FORBIDDEN']);

    for (const key of [...hidden, MISSING]) {
      expect(signing(who, key)).toEqual(signing(who, MISSING));
      expect(signing(who, key)).toEqual(refused);
      expect(await getKey(who, key)).toEqual(refused);
    }
  },
);

test.each(Object.keys(SEES))(
  '%s sees its tasks one by one and in lists, and no others',
  async (who) => {
    const seen = signings.filter(({ requester }) => SEES[who]?.tasksOf.includes(requester));
    const answers = await Promise.all(signings.map(({ id }) => getTask(who, id)));
    const list = async (filter: Partial<ListTasksRequest>): Promise<string[]> => {
      const bytes = encode(ListTasksRequest, ListTasksRequest.fromPartial({ kind: 2, ...filter }));
      const { tasks } = (await call(
        who,
        '/quorate.v1.TaskService/ListTasks',
        bytes,
      )) as ListTasksResponse;
      return tasks.map(({ taskId: id }) => id);
    };

    const ids = seen.map(({ id }) => id);
    expect(answers.filter((each) => typeof each === 'string')).toEqual(ids);
    const wanted = new Set<string>(signings.map(({ id }) => id));
    expect((await list({})).filter((id) => wanted.has(id))).toEqual(ids.toReversed());
    // Asking for another requester's shows nothing more.
    const theirs = seen.filter(({ requester }) => requester === OWNER).map(({ id }) => id);
    const named = await list({ requester: OWNER });
    expect(named.filter((id) => wanted.has(id))).toEqual(theirs.toReversed());
    const missing = await getTask(who, NO_TASK);
    for (const each of answers) expect([missing, expect.any(String)]).toContainEqual(each);
  },
);
