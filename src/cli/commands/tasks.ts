import { Command, Option } from 'commander';
import type { Task } from '../../client/index.js';
import { countArgument } from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { millis } from '../format/values.js';
import { taskJson, taskLines, taskTable } from '../format/task.js';
import { notHere } from '../not-here.js';
import { READ_MS, withClient } from '../session.js';
import type { Surroundings } from '../surroundings.js';

type ListFlags = ConnectionFlags & {
  readonly open?: true;
  readonly limit: number;
  readonly json?: true;
};
type GetFlags = ConnectionFlags & { readonly json?: true };

/** `quorate tasks`: the work that the cluster does and has done. */
export function tasksCommand(surroundings: Surroundings): Command {
  return new Command('tasks')
    .summary('see what the cluster does and has done')
    .description(
      'Tasks are the work of the cluster: key generations and signatures. Each is kept for an hour.',
    )
    .addCommand(listCommand(surroundings))
    .addCommand(getCommand(surroundings))
    .addCommand(
      notHere('watch', 'This release cannot watch tasks: ask again with `quorate tasks get`'),
      { hidden: true },
    );
}

function listCommand(surroundings: Surroundings): Command {
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
      const tasks = await withClient(flags, surroundings, READ_MS, (client, options) =>
        client.listTasks({ openOnly: flags.open ?? false, limit: flags.limit }, options),
      );
      if (flags.json) return surroundings.out(JSON.stringify({ tasks: tasks.map(taskJson) }));
      if (tasks.length === 0) return surroundings.err('There are no tasks.');
      for (const line of taskTable(newestFirst(tasks))) surroundings.out(line);
    });
}

function newestFirst(tasks: readonly Task[]): Task[] {
  return tasks.toSorted((a, b) => createdMs(b) - createdMs(a));
}

function createdMs({ createTime }: Task): number {
  return createTime === undefined ? 0 : millis(createTime);
}

function getCommand(surroundings: Surroundings): Command {
  const command = new Command('get')
    .description('Shows one task: who asked, every attempt, and the outcome.')
    .argument('<task-id>', 'as `quorate tasks list` or `quorate sign --json` shows it')
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText('after', '\nExample:\n  quorate tasks get <task-id>')
    .action(async (taskId: string, flags: GetFlags) => {
      const task = await withClient(flags, surroundings, READ_MS, (client, options) =>
        client.getTask(taskId, options),
      );
      if (flags.json) return surroundings.out(JSON.stringify(taskJson(task)));
      for (const line of taskLines(task)) surroundings.out(line);
    });
}
