import { describe, expect, test } from '@jest/globals';
import { taskIdOf } from '../../../src/identity/index.js';
import { isWellFormedSupply, signatureOf } from '../../../src/state/index.js';
import { GENERATION_AGE_MS } from '../../../src/state/limits.js';
import { Algorithm, Gg20Profile, SignatureResult } from '../../../src/wire/index.js';
import type { Attempt, Auxiliary } from '../../../src/wire/index.js';
import { bootOf, fill, Ledger, NODES, OPERATOR, supply } from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import {
  activeGg20Key,
  prepare,
  recordOf,
  sessionAttempt,
} from '../../support/builders/participant-sets.js';

const BREAKS = 'an attempt that breaks the rules';
const algorithm = Algorithm.GG20_SECP256K1;

/** An attempt of the open generate-key task, altered. */
function generateAttempt(ledger: Ledger, id: string, more: Partial<Attempt>): AppliedEntry {
  const { taskId, requestHash, attempts } = ledger.task(id);
  const nodes = NODES.map((nodeId) => ({ nodeId, boot: bootOf(nodeId) }));
  return ledger.command({
    $case: 'attempt',
    value: {
      taskId,
      number: attempts.length + 1,
      version: 1,
      sharingSession: fill(0, 0),
      requestHash,
      assignment: { $case: 'boots', value: { nodes } },
      auxiliary: undefined,
      dealers: [],
      ...more,
    },
  });
}

/** The active generation of the set of all voters, as attempts name it. */
function active(ledger: Ledger, profile?: Gg20Profile.P2048): Auxiliary {
  const named = profile === undefined ? {} : { profile };
  const preparation = recordOf(ledger, named)?.active?.preparation;
  if (preparation === undefined) throw new Error('there is none');
  const { setId, generation, digest } = preparation;
  return { setId, generation, digest };
}

describe('generating a GG20 key', () => {
  test('an attempt counts only under the active generation of the set', () => {
    const ledger = new Ledger();
    const [id = ''] = ledger.generate('treasury', { algorithm }).changedTasks;
    const before = { setId: fill(1, 16), generation: 1, digest: fill(5) };
    for (const auxiliary of [undefined, before])
      expect(generateAttempt(ledger, id, { auxiliary }).alarm).toBe(BREAKS);
    prepare(ledger);
    const good = active(ledger);
    for (const auxiliary of [
      undefined,
      { ...good, generation: 0 },
      { ...good, generation: 2 },
      { ...good, digest: fill(6) },
      { ...good, setId: fill(1, 16) },
    ])
      expect(generateAttempt(ledger, id, { auxiliary }).alarm).toBe(BREAKS);
    expect(generateAttempt(ledger, id, { auxiliary: good }).alarm).toBeUndefined();
  });

  test('an attempt under a generation with fewer members than the key needs signers is void', () => {
    const ledger = new Ledger();
    ledger.generate('two', { algorithm });
    prepare(ledger, {}, ['node-1', 'node-2']);
    const asked = { algorithm, threshold: 3, allowNoRedundancy: true };
    const [id = ''] = ledger.generate('three', asked).changedTasks;
    expect(generateAttempt(ledger, id, { auxiliary: active(ledger) }).alarm).toBe(BREAKS);
    prepare(ledger);
    expect(generateAttempt(ledger, id, { auxiliary: active(ledger) }).alarm).toBeUndefined();
  });

  test('an attempt for a key of another algorithm names no generation', () => {
    const ledger = new Ledger();
    activeGg20Key(ledger, 'treasury');
    const [id = ''] = ledger.generate('frost').changedTasks;
    expect(generateAttempt(ledger, id, { auxiliary: active(ledger) }).alarm).toBe(BREAKS);
    expect(generateAttempt(ledger, id, {}).alarm).toBeUndefined();
  });

  test('a request names the profile of its set, P3072 where it names none, and only for GG20', () => {
    const ledger = new Ledger();
    const { P2048, P3072 } = Gg20Profile;
    ledger.generate('one', { algorithm, gg20Profile: P2048 });
    expect([recordOf(ledger, { profile: P2048 })?.generating, recordOf(ledger)]).toEqual([
      [{ threshold: 2, count: 1 }],
      undefined,
    ]);
    ledger.generate('two', { algorithm });
    ledger.generate('three', { algorithm: Algorithm.GG20_P256, gg20Profile: P3072 });
    expect(recordOf(ledger)?.generating).toEqual([{ threshold: 2, count: 2 }]);
    for (const wrong of [{ gg20Profile: P3072 }, { algorithm, gg20Profile: 3 as Gg20Profile }]) {
      expect(ledger.generate('four', wrong).decision?.result).toMatchObject({
        refusal: { reason: 'INVALID_PROFILE', field: 'gg20_profile' },
      });
    }
  });

  test('a key that is made stays with its set, and one that is not leaves it', () => {
    const ledger = new Ledger();
    activeGg20Key(ledger, 'treasury');
    expect(recordOf(ledger)).toMatchObject({ keys: [{ threshold: 2, count: 1 }], generating: [] });
    expect(ledger.ask.key('treasury')).toMatchObject({
      algorithm,
      gg20Profile: Gg20Profile.P3072,
    });
    const [id = ''] = ledger.generate('other', { algorithm }).changedTasks;
    expect(recordOf(ledger)?.generating).toEqual([{ threshold: 2, count: 1 }]);
    ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
    expect(recordOf(ledger)).toMatchObject({ keys: [{ threshold: 2, count: 1 }], generating: [] });
  });
});

/** A ledger with a GG20 key, and an open task that signs with it. */
function signing(members: readonly string[] = NODES) {
  const ledger = new Ledger();
  ledger.generate('first', { algorithm });
  prepare(ledger, {}, members);
  activeGg20Key(ledger, 'treasury');
  const [id = ''] = ledger.sign('treasury', 'one').changedTasks;
  const attempt = (names?: readonly string[], more: Partial<Attempt> = {}): AppliedEntry => {
    const number = ledger.task(id).attempts.length + 1;
    const value = { ...sessionAttempt(ledger, 'treasury', id, number, names), ...more };
    return ledger.command({ $case: 'attempt', value });
  };
  return { ledger, id, attempt };
}

describe('signing with a GG20 key', () => {
  test('attempts name as many members of the active generation as the key needs signers', () => {
    const { attempt } = signing(['node-1', 'node-2']);
    for (const names of [
      ['node-1'],
      ['node-1', 'node-3'],
      ['node-1', 'node-9'],
      ['node-2', 'node-1'],
      ['node-1', 'node-1'],
      ['node-1', 'node-2', 'node-3'],
    ])
      expect(attempt(names).alarm).toBe(BREAKS);
    const nodes = NODES.slice(0, 2).map((nodeId) => ({ nodeId, boot: fill(1, 17) }));
    const assignment = { $case: 'boots', value: { nodes } } as const;
    expect(attempt(undefined, { assignment }).alarm).toBe(BREAKS);
    expect(attempt().alarm).toBeUndefined();
  });

  test('an attempt with more members than the key needs signers is void', () => {
    const { attempt } = signing();
    expect(attempt(NODES).alarm).toBe(BREAKS);
    expect(attempt(['node-2', 'node-3']).alarm).toBeUndefined();
  });

  test('attempts with supplies are void, and so are those of a FROST key with boots', () => {
    const { ledger, id, attempt } = signing();
    const { assignment } = ledger.signAttempt('treasury', id, 1);
    expect(attempt(undefined, { assignment }).alarm).toBe(BREAKS);
    const none: Attempt['assignment'] = { $case: 'supplies', value: { supplies: [] } };
    expect(attempt(undefined, { assignment: none }).alarm).toBe(BREAKS);

    ledger.activeKey('frost');
    const [task = ''] = ledger.sign('frost', 'two').changedTasks;
    const frost = ledger.signAttempt('frost', task, 1);
    const { assignment: boots } = sessionAttempt(ledger, 'treasury', id, 1);
    for (const wrong of [{ assignment: boots }, { auxiliary: active(ledger) }]) {
      const value = { ...frost, ...wrong };
      expect(ledger.command({ $case: 'attempt', value }).alarm).toBe(BREAKS);
    }
    expect(ledger.command({ $case: 'attempt', value: frost }).alarm).toBeUndefined();
  });

  test('an attempt under a stale generation is void, and one that was made before stays', () => {
    const { ledger, id, attempt } = signing();
    const first = active(ledger);
    expect(attempt().alarm).toBeUndefined();
    ledger.timeMs += GENERATION_AGE_MS;
    prepare(ledger);
    const second = active(ledger);
    for (const auxiliary of [undefined, { ...second, digest: fill(7) }])
      expect(attempt(undefined, { auxiliary }).alarm).toBe(BREAKS);
    // Its leader may have proposed it before the second was active: it is void, and no fault.
    expect(attempt(undefined, { auxiliary: first }).alarm).toBeUndefined();
    expect(attempt(undefined, { auxiliary: second }).alarm).toBeUndefined();
    expect(ledger.task(id).attempts.map((each) => each.attempt?.auxiliary?.generation)).toEqual([
      1, 2,
    ]);
  });

  test('an attempt of another version or sharing is void', () => {
    const { attempt } = signing();
    expect(attempt(undefined, { version: 2 }).alarm).toBe(BREAKS);
    expect(attempt(undefined, { sharingSession: fill(1) }).alarm).toBe(BREAKS);
  });

  test('the first attempt may stand in the entry of the request', () => {
    const { ledger } = signing();
    const firstAttempt = sessionAttempt(ledger, 'treasury', taskIdOf(OPERATOR, 'two'), 1);
    const [id = ''] = ledger.sign('treasury', 'two', { firstAttempt }).changedTasks;
    expect(ledger.task(id).attempts).toMatchObject([{ inRequest: true, level: 3 }]);

    const other = { ...firstAttempt, taskId: taskIdOf(OPERATOR, 'three'), auxiliary: undefined };
    const [third = ''] = ledger.sign('treasury', 'three', { firstAttempt: other }).changedTasks;
    expect(ledger.task(third).attempts).toEqual([]);
  });

  test.each([
    ['64 bytes', fill(7, 64)],
    ['66 bytes', fill(0, 66)],
    ['a recovery id of 4', Uint8Array.of(...fill(7, 64), 4)],
    ['nothing', fill(0, 0)],
  ])('done with %s changes nothing', (_, material) => {
    const { ledger, id, attempt } = signing();
    attempt();
    const done = ledger.command({ $case: 'done', value: { taskId: id, attempt: 1, material } });
    expect(done.alarm).toBe('a done entry that breaks the rules');
    expect(ledger.task(id).outcome).toBeUndefined();
  });

  test.each([0, 1, 2, 3])(
    'done with a signature and the recovery id %i closes the task',
    (last) => {
      const { ledger, id, attempt } = signing();
      attempt();
      const material = Uint8Array.of(...fill(7, 64), last);
      ledger.command({ $case: 'done', value: { taskId: id, attempt: 1, material } });
      const result = signatureOf(ledger.task(id));
      expect(result).toEqual(
        SignatureResult.fromPartial({
          signature: fill(7, 64),
          recoveryId: last,
          publicKey: ledger.ask.key('treasury')?.publicKey ?? fill(0),
          keyVersion: 1,
          signers: ['node-1', 'node-2'],
          derivationPath: [],
        }),
      );
    },
  );

  test('a supply without parts is of no key', () => {
    expect(isWellFormedSupply(supply('node-1', 1))).toBe(true);
    expect(isWellFormedSupply(supply('node-1', 1, { parts: [] }))).toBe(false);
  });
});
