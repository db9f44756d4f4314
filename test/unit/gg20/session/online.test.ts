import { beforeEach, describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import {
  combineBodies,
  isRightAccept,
  namesOtherAccepts,
  shareFault,
  shareLayout,
  type BegunSession,
  type Presigned,
} from '../../../../src/gg20/index.js';
import { ProtocolAbort } from '../../../../src/mpc/index.js';
import type { Envelope } from '../../../../src/wire/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  dealKey,
  presignSessions,
  sharedSignature,
  signOnlineAll,
  verifiedMessages,
} from '../../../support/builders/gg20-signing.js';

const set = smallSet();
const key = dealKey(set, 'small', [1, 2, 4]);
const LIAR = 2;

let presigned: ReadonlyMap<PartyIndex, Presigned>;
let presigId: Uint8Array;
let begun: BegunSession;

beforeEach(async () => {
  const outcomes = await presignSessions(key);
  presigned = new Map(
    [...outcomes].map(([i, outcome]) => {
      if (!outcome.ok) throw outcome.error;
      return [i, outcome.value];
    }),
  );
  presigId = presigned.get(1)?.presigId ?? new Uint8Array();
  begun = await begin(key, { ...ASKED, presigId });
});

function sharesOf(outcomes: Awaited<ReturnType<typeof signOnlineAll>>) {
  return new Map(
    [...outcomes].map(([i, outcome]) => {
      if (!outcome.ok) throw outcome.error;
      return [i, outcome.value.body];
    }),
  );
}

test('a presignature signs one message, and its secret is gone then', async () => {
  const outcomes = await signOnlineAll(key, begun, presigned);
  const shares = sharesOf(outcomes);

  expect(combineBodies(sharedSignature(key, begun, presigId), shares, () => true).ok).toBe(true);
  const agreed = [...outcomes.values()].map(async (outcome) => {
    if (!outcome.ok) throw outcome.error;
    await outcome.value.agreed;
  });
  await expect(Promise.all(agreed)).resolves.toHaveLength(3);
  for (const { secret } of presigned.values()) expect(secret).toHaveLength(0);
});

test('a presignature that was taken makes no second share (row 22)', async () => {
  await signOnlineAll(key, begun, presigned);
  const other = await begin(key, { ...ASKED, digest: new Uint8Array(32).fill(9), presigId });
  const outcomes = await signOnlineAll(key, other, presigned);
  expect([...outcomes.values()].map(({ ok }) => ok)).toEqual([false, false, false]);
});

test('no presignature signs a bare digest, and nothing is said of it (row 23)', async () => {
  const said: string[] = [];
  const bare = await begin(key, { ...ASKED, form: 'digest', hash: 0, presigId });
  const outcomes = await signOnlineAll(key, bare, presigned, {
    tamper({ round, body }) {
      said.push(round);
      return body;
    },
  });
  expect([...outcomes.values()].map(({ ok }) => ok)).toEqual([false, false, false]);
  expect(said).toEqual([]);
});

test('two messages of one presignature have other nonces, and neither share serves the other', async () => {
  const shares = sharesOf(await signOnlineAll(key, begun, presigned));
  const other = await begin(key, { ...ASKED, digest: new Uint8Array(32).fill(9), presigId });
  const made = combineBodies(sharedSignature(key, other, presigId), shares, () => true);
  expect(made).toEqual({ ok: false, culprits: [1, 2, 4] });
});

describe('ACCEPT', () => {
  test('that does not come lets no share leave, and destroys the presignature', async () => {
    const outcomes = await signOnlineAll(key, begun, presigned, {
      tamper: ({ from, to, round, body }) =>
        from === LIAR && to === 4 && round === 'accept' ? undefined : body,
    });
    expect(outcomes.get(4)).toMatchObject({ ok: false, error: { message: 'the time is over' } });
    expect(presigned.get(4)?.secret.every((byte) => byte === 0)).toBe(true);
  });

  test('of something else names its signer, by itself', async () => {
    const heard: Envelope[] = [];
    const outcomes = await signOnlineAll(key, begun, presigned, {
      lie: ({ from, round, body }) =>
        from === LIAR && round === 'accept'
          ? body.map((byte, at) => (at === 60 ? byte ^ 1 : byte))
          : body,
      sees: (_, envelope) => heard.push(envelope),
    });
    for (const i of [1, 4]) {
      const outcome = outcomes.get(i);
      if (outcome?.ok !== false || !(outcome.error instanceof ProtocolAbort))
        throw new Error('an abort');
      expect(outcome.error.culprits).toEqual([2]);
      const { session, signed } = sharedSignature(key, begun, presigId);
      const [shown] = verifiedMessages(key, outcome.error.evidence);
      expect(isRightAccept({ session, signed, presigId }, shown?.body ?? new Uint8Array())).toBe(
        false,
      );
    }
    const [right] = verifiedMessages(
      key,
      heard.filter(({ kind, from }) => kind.endsWith('/accept') && from === 1),
    );
    const { session, signed } = sharedSignature(key, begun, presigId);
    expect(isRightAccept({ session, signed, presigId }, right?.body ?? new Uint8Array())).toBe(
      true,
    );
  });

  test('with two eta names its signer, and the signer with the other A is not (row 42)', async () => {
    const heard: Envelope[] = [];
    const outcomes = await signOnlineAll(key, begun, presigned, {
      tamper: ({ from, to, round, body }) =>
        from === LIAR && to === 4 && round === 'accept'
          ? body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte))
          : body,
      sees: (_, envelope) => heard.push(envelope),
    });
    const shares = sharesOf(outcomes);
    const signature = sharedSignature(key, begun, presigId);

    // No share is wrong by itself, and no signature comes of them.
    expect(combineBodies(signature, shares, () => true)).toEqual({ ok: false, culprits: [] });
    for (const [j, body] of shares) expect(shareFault(signature, j, body)).toBeUndefined();
    for (const i of [1, 4]) {
      const outcome = outcomes.get(i);
      if (outcome?.ok !== true) throw new Error('a share');
      await expect(outcome.value.agreed).rejects.toMatchObject({ culprits: [2] });
    }
    // Each share names the ACCEPTs that its signer's echo names; one that named others would be judged by both.
    const accepts = verifiedMessages(key, heard).filter(({ kind }) => kind.endsWith('/accept'));
    const bodies = accepts.flatMap(({ body }) => body ?? []);
    const echoes = verifiedMessages(key, heard).filter(({ kind }) => kind.endsWith('/accept-echo'));
    const echoOf = (party: PartyIndex) =>
      echoes.find(({ from }) => from === party)?.body ?? new Uint8Array();
    const [first = new Uint8Array(), fourth = new Uint8Array()] = [shares.get(1), shares.get(4)];
    expect(namesOtherAccepts(signature, first, echoOf(1), bodies)).toBe(false);
    expect(namesOtherAccepts(signature, fourth, echoOf(3), bodies)).toBe(false);
    expect(namesOtherAccepts(signature, first, echoOf(3), bodies)).toBe(true);
    expect(namesOtherAccepts(signature, first, echoOf(3), [])).toBe(false);
  });
});

test('a share of another presignature than the named one names its signer', async () => {
  const outcomes = await presignSessions(key, { seed: 2 });
  const other = outcomes.get(LIAR);
  if (other?.ok !== true) throw other?.error ?? new Error('a presignature');
  const layout = shareLayout(set, 3, 'online');
  const shares = sharesOf(await signOnlineAll(key, begun, presigned));
  const share = layout.decode(shares.get(LIAR) ?? new Uint8Array());
  if (share === undefined) throw new Error('a share');
  const lied = layout.encode({ ...share, presigId: other.value.presigId });
  const signature = sharedSignature(key, begun, presigId);
  expect(shareFault(signature, LIAR, lied)).toBe('the presignature is the named one');
});
