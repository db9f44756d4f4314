import { Command, Option } from 'commander';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TaskState } from '../../client/index.js';
import type { Task } from '../../client/index.js';
import { ClusterError } from '../../common/index.js';
import { evidenceFile, judgeAll, openJudge } from '../blame.js';
import { countArgument } from '../arguments.js';
import { addConnectionOptions, findConnection } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { taskJson, taskLines, taskTable } from '../format/task.js';
import { notHere } from '../not-here.js';
import { READ_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';

type ListFlags = ConnectionFlags & {
  readonly open?: true;
  readonly limit: number;
  readonly json?: true;
};
type GetFlags = ConnectionFlags & { readonly json?: true; readonly evidence?: string };

/** `quorate tasks`: the work that the cluster does and has done. */
export function tasksCommand(context: CommandContext): Command {
  return new Command('tasks')
    .description(
      'Tasks are the work of the cluster: key generations and signatures. Each is kept for an hour.',
    )
    .addCommand(listCommand(context))
    .addCommand(getCommand(context))
    .addCommand(
      notHere('watch', 'This release cannot watch tasks: ask again with `quorate tasks get`'),
      { hidden: true },
    );
}

function listCommand(context: CommandContext): Command {
  const command = new Command('list')
    .description('Lists tasks.')
    .option('--open', 'only those that have no outcome yet')
    .addOption(
      new Option('--limit <count>', 'at most so many')
        .default(100)
        .argParser(countArgument('--limit')),
    )
    .option('--json', 'print one JSON object: {"tasks": [...]}');
  return addConnectionOptions(command)
    .addHelpText('after', '\nExamples:\n  quorate tasks list\n  quorate tasks list --open --json')
    .action(async (flags: ListFlags) => {
      const { items: tasks } = await withClient(flags, context, READ_MS, (client, options) =>
        client.listTasks(
          { state: flags.open ? TaskState.OPEN : undefined, limit: flags.limit },
          options,
        ),
      );
      if (flags.json) return context.out(JSON.stringify({ tasks: tasks.map(taskJson) }));
      if (tasks.length === 0) return context.err('There are no tasks.');
      for (const line of taskTable(tasks)) context.out(line);
    });
}

function getCommand(context: CommandContext): Command {
  const command = new Command('get')
    .description(
      'Shows one task: its requester, every attempt, the outcome, and which nodes are proved to have lied in it. ' +
        'Evidence is judged on this machine before a culprit is shown. Of a signature that was made all the same ' +
        'each node knows what it saw itself, until it restarts: ask several with --endpoint.',
    )
    .argument('<task-id>', 'as `quorate tasks list` or `quorate sign --json` shows it')
    .addOption(new Option('--evidence <file>', 'write what proves it, for `quorate verify-blame`'))
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate tasks get <task-id>
  quorate tasks get <task-id> --evidence blame.json`,
    )
    .action(async (taskId: string, flags: GetFlags) => {
      const told = await withClient(flags, context, READ_MS, (client, options) =>
        client.getTask(taskId, options),
      );
      const task = { ...told, culprits: provenOnly(told.culprits, flags, context) };
      if (flags.evidence !== undefined) {
        if (task.culprits.length === 0) {
          throw new ClusterError('not-found', `No node is proved to have lied in task ${taskId}`);
        }
        const text = evidenceFile(task.culprits.map(({ evidence }) => evidence));
        writeFileSync(resolve(context.folder, flags.evidence), text);
      }
      if (flags.json) return context.out(JSON.stringify(taskJson(task)));
      for (const line of taskLines(task)) context.out(line);
    });
}

/** The culprits that their evidence proves to have lied, by the client's own cluster file: a node's word is not enough. */
function provenOnly(
  culprits: Task['culprits'],
  flags: GetFlags,
  context: CommandContext,
): Task['culprits'] {
  if (culprits.length === 0) return [];
  const judge = openJudge(findConnection(flags, context).clusterFile);
  const verdicts = judgeAll(
    judge,
    culprits.map(({ evidence }) => evidence),
  );
  return culprits.filter(({ nodeId, reason }, at) => {
    const proven = verdicts[at]?.nodeId === nodeId && verdicts[at]?.reason === reason;
    if (!proven) context.err(`The node blames ${nodeId}, but its evidence does not: left out.`);
    return proven;
  });
}
