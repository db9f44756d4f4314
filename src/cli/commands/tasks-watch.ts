import { Command } from 'commander';
import { TaskState } from '../../client/index.js';
import type { TaskProgress } from '../../client/index.js';
import { ClusterError } from '../../common/index.js';
import type { CommandContext } from '../command-context.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { Ended, EXIT } from '../exit-codes.js';
import { progressJson, progressWords } from '../format/task-progress.js';
import { taskLines } from '../format/task.js';
import { READ_MS, withClient } from '../open-client.js';

type Flags = ConnectionFlags & { readonly json?: true };

/** `quorate tasks watch`: a task until it has an outcome. */
export function watchCommand(context: CommandContext): Command {
  const command = new Command('watch')
    .description(
      'Follows a task until it has an outcome: tells on standard error how far it is, whenever that changes, and shows the task ' +
        'at its end. Ends with status 1 for a task that failed or was cancelled. Where a node stops, it goes on at another one.',
    )
    .argument('<task-id>', 'as `quorate tasks list` shows it')
    .option('--json', 'print one JSON object for each change, and nothing else');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Without --timeout it waits as long as the task does; with it, it ends with status 5 when the task is still open then.

Examples:
  quorate tasks watch <task-id>
  quorate tasks watch <task-id> --timeout 5m --json | jq .finished`,
    )
    .action(async (taskId: string, flags: Flags) => {
      const last = await withClient(flags, context, READ_MS, async (client) => {
        const late = flags.timeout === undefined ? undefined : AbortSignal.timeout(flags.timeout);
        let progress: TaskProgress | undefined;
        try {
          for await (progress of client.watchTask(taskId, { signal: late }))
            tell(progress, flags, context);
        } catch (error) {
          throw late?.aborted === true ? stillOpen(taskId, flags) : error;
        }
        return progress;
      });
      const { task } = last ?? {};
      if (task !== undefined && !flags.json) for (const line of taskLines(task)) context.out(line);
      if (task?.state !== TaskState.DONE) throw new Ended(EXIT.failure);
    });
}

function tell(progress: TaskProgress, { json }: Flags, context: CommandContext): void {
  if (json) context.out(JSON.stringify(progressJson(progress)));
  else if (progress.task.state === TaskState.OPEN) context.err(progressWords(progress));
}

function stillOpen(taskId: string, { timeout = 0 }: Flags): ClusterError {
  const facts = { task_id: taskId };
  return new ClusterError('deadline', `Task ${taskId} is open after ${timeout / 1000} s`, {
    facts,
  });
}
