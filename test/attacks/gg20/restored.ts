import { taskId } from '../../../src/common/index.js';
import { keygen } from '../../../src/sharing/index.js';
import { KeyGeneration } from '../../../src/tasks/kinds/generate-key/participant.js';
import { SessionRuns } from '../../../src/tasks/participant/session-runs.js';
import type { ParsedGenerateKey } from '../../../src/state/index.js';
import type { LiveTask } from '../../../src/tasks/live-tasks.js';
import { Ledger } from '../../support/builders/ledger.js';
import { laterBootOf, settle, TaskRoom } from '../../support/builders/task-room.js';
import { stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { removal } from './key-runs.js';

/** A node whose disk was put back, and an attempt that names the run before: what that said is not to be said otherwise. */
async function restoredNode(): Promise<Attempt> {
  const ledger = new Ledger();
  const [id = ''] = ledger.generate('cold').changedTasks;
  ledger.attempt(ledger.task(id));
  const here = new TaskRoom('node-1', ledger, laterBootOf('node-1'));
  const parts = here.participating();
  const driver = new SessionRuns(parts, new KeyGeneration(parts));
  const task = here.liveTasks().refresh(taskId(id)) as LiveTask<ParsedGenerateKey> | undefined;
  if (task === undefined) throw new Error('the task is open');
  driver.contribute(task);
  await settle();
  const said = here
    .takeSent()
    .flatMap(({ message: { message } }) =>
      message?.$case === 'envelope' ? [message.value.kind] : [],
    );
  return said.includes(keygen.kinds.commit)
    ? unstopped('a second run in a session of an earlier boot')
    : stoppedBy('an attempt for an earlier boot is not taken part in');
}

export const RESTORED: readonly Gg20Attack[] = [
  {
    row: 30,
    name: 'a restored disk, and an attempt for the boot before',
    stopped: 'an attempt for an earlier boot is not taken part in',
    removed: [
      removal(
        'tasks/participant/session-runs.js',
        'if (named === undefined || toHex(named.boot) !== self.boot)',
        'if (named === undefined)',
      ),
    ],
    run: restoredNode,
  },
];
