import { KIND_JUDGES } from '../../../src/blame/index.js';
import { isId, refuse, utf8 } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type { Build } from '../../../src/node/index.js';
import { TASK_KINDS } from '../../../src/state/index.js';
import type { KindRules, KindTable } from '../../../src/state/index.js';
import { TASK_DRIVERS } from '../../../src/tasks/index.js';

/** The feature level after this build's. */
export const LATER_LEVEL = BUILD_LEVEL + 1;

/** The method whose requests only the later build knows. */
export const NOTE_METHOD = '/quorate.test.NoteService/Note';

/** Where the state keeps notes. No build of this level writes there. */
const NOTES = 'note/';

/**
 * A kind of task that came with the next level and stands in no table of `src/`: an app or an operator has a word written into the
 * state. Done by being applied. Its request's bytes are the request id, which is the word.
 */
const noteRules: KindRules = {
  kind: 'note',
  level: LATER_LEVEL,
  method: NOTE_METHOD,
  askers: { roles: ['operator', 'app'], voucher: true },
  opensWithAttempt: false,
  parse(bytes) {
    const requestId = new TextDecoder().decode(bytes);
    return isId(requestId)
      ? { ok: true, value: { kind: 'note', requestId } }
      : refuse('invalid-request', 'INVALID_ID', 'A note is an id');
  },
  checkAccess: () => undefined,
  admit: () => ({ ok: true, value: { participants: [], key: undefined } }),
  participants: () => [],
  fitsAttempt: () => false,
  open(draft, { asked }) {
    draft.put(NOTES + asked.requestId, Uint8Array.of(1));
    return utf8(asked.requestId);
  },
  result: () => undefined,
  close: () => undefined,
};

/** The rules of all kinds of task that the later build knows. */
export const LATER_KINDS: KindTable = { ...TASK_KINDS, note: noteRules };

/** A build that has the next level. */
export const LATER_BUILD: Build = {
  level: LATER_LEVEL,
  kinds: {
    rules: LATER_KINDS,
    judges: { ...KIND_JUDGES, note: { saidOnce: [], faults: {} } },
    drivers: { ...TASK_DRIVERS, note: {} },
  },
};
