import { Command, Option } from 'commander';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TaskKind, TaskState } from '../../client/index.js';
import type { Task } from '../../client/index.js';
import { ClusterError } from '../../common/index.js';
import { wordArgument } from '../arguments.js';
import { REQUEST_ID_HELP } from '../arguments.js';
import { addConnectionOptions, findConnection } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { taskJson, taskLines, taskTable } from '../format/task.js';
import { addPartOptions, listPart, partJson, tellMore, tellNone } from '../list-part.js';
import type { PartFlags } from '../list-part.js';
import { READ_MS, SIGN_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';
import { watchCommand } from './tasks-watch.js';

type ListFlags = ConnectionFlags &
  PartFlags & {
    readonly state?: TaskState;
    readonly open?: true;
    readonly kind?: TaskKind;
    readonly keyId?: string;
    readonly requester?: string;
    readonly json?: true;
  };
type CancelFlags = ConnectionFlags & { readonly requestId?: string; readonly json?: true };
type GetFlags = ConnectionFlags & { readonly json?: true; readonly evidence?: string };

const TASKS_LIMIT = 100;
const STATES = {
  open: TaskState.OPEN,
  done: TaskState.DONE,
  failed: TaskState.FAILED,
  cancelled: TaskState.CANCELLED,
} as const;
const KINDS = {
  sign: TaskKind.SIGN,
  'generate-key': TaskKind.GENERATE_KEY,
  'require-signatures': TaskKind.REQUIRE_SIGNATURES,
  'raise-level': TaskKind.RAISE_LEVEL,
  'correct-time': TaskKind.CORRECT_TIME,
  'revoke-certificate': TaskKind.REVOKE_CERTIFICATE,
  prepare: TaskKind.PREPARE,
  'retire-key': TaskKind.RETIRE_KEY,
  'restore-key': TaskKind.RESTORE_KEY,
  reshare: TaskKind.RESHARE,
  refresh: TaskKind.REFRESH,
  'cancel-task': TaskKind.CANCEL_TASK,
  'destroy-key': TaskKind.DESTROY_KEY,
} as const;

/** `quorate tasks`: the work that the cluster does and has done. */
export function tasksCommand(context: CommandContext): Command {
  return new Command('tasks')
    .description(
      'Tasks are the work of the cluster: key generations and signatures. Each is kept for an hour.',
    )
    .addCommand(listCommand(context))
    .addCommand(getCommand(context))
    .addCommand(cancelCommand(context))
    .addCommand(watchCommand(context));
}

function listCommand(context: CommandContext): Command {
  const command = new Command('list')
    .description(
      'Lists tasks, the newest first. Operators and auditors see all tasks; an app sees its own. ' +
        'Several filters must all fit.',
    )
    .addOption(
      new Option('--state <state>', `only those that are so: ${Object.keys(STATES).join(', ')}`)
        .argParser(wordArgument('--state', STATES))
        .conflicts('open'),
    )
    .option('--open', 'only those that have no outcome yet: --state open')
    .addOption(
      new Option('--kind <kind>', `only those of it: ${Object.keys(KINDS).join(', ')}`).argParser(
        wordArgument('--kind', KINDS),
      ),
    )
    .option('--key-id <key-id>', 'only those about this key')
    .option('--requester <spiffe-id>', 'only those that this requester asked for');
  addPartOptions(command, TASKS_LIMIT).option(
    '--json',
    'print one JSON object: {"tasks": [...], "truncated", "more_count", "next_page_token"}',
  );
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate tasks list
  quorate tasks list --state failed --limit 20
  quorate tasks list --key-id demo --requester spiffe://quorate/app/checkout --json`,
    )
    .action(async ({ requester, ...flags }: ListFlags) => {
      const { kind, keyId, state = flags.open && TaskState.OPEN } = flags;
      const filter = { state, kind, keyId, requester };
      const part = await withClient(flags, context, READ_MS, (client, options) =>
        listPart(flags, (page) => client.listTasks({ ...filter, ...page }, options)),
      );
      const tasks = part.items;
      if (flags.json) {
        return context.out(JSON.stringify({ tasks: tasks.map(taskJson), ...partJson(part) }));
      }
      if (tasks.length === 0) return tellNone('tasks', filter, context);
      for (const line of taskTable(tasks)) context.out(line);
      tellMore(part, context);
    });
}

/** Reads a flag whose value is one of a few words. */
function getCommand(context: CommandContext): Command {
  const command = new Command('get')
    .description(
      'Shows one task: its requester, every attempt, the outcome, and which nodes are proved to have lied in it. ' +
        'Evidence is judged on this machine before a culprit is shown. When a signature was made although a node had lied, ' +
        'each node keeps only the evidence that it saw itself, and only until it restarts: ask several with --endpoint.',
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
      const task = { ...told, culprits: await provenOnly(told.culprits, flags, context) };
      if (flags.evidence !== undefined) {
        if (task.culprits.length === 0) {
          throw new ClusterError('not-found', `No node is proved to have lied in task ${taskId}`);
        }
        const { evidenceFile } = await import('../blame.js');
        const text = evidenceFile(task.culprits.map(({ evidence }) => evidence));
        writeFileSync(resolve(context.folder, flags.evidence), text);
      }
      if (flags.json) return context.out(JSON.stringify(taskJson(task)));
      for (const line of taskLines(task)) context.out(line);
    });
}

function cancelCommand(context: CommandContext): Command {
  const command = new Command('cancel')
    .description(
      'Ends an open task that makes a key or a version of one. A key’s version in use stays; a task that is done stays done. ' +
        'Needs a certificate of the task’s requester, or of role operator.',
    )
    .argument('<task-id>', 'as `quorate tasks list` shows it')
    .option('--request-id <id>', REQUEST_ID_HELP)
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate tasks cancel <task-id>`,
    )
    .action(async (taskId: string, flags: CancelFlags) => {
      const { requestId } = flags;
      const by = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.cancelTask({ taskId, requestId }, options),
      );
      if (flags.json) return context.out(JSON.stringify({ task_id: by, cancelled: taskId }));
      context.out(`Task ${taskId} is cancelled.`);
    });
}

/** The culprits that their evidence proves to have lied, by the client's own cluster file: a node's word is not enough. */
async function provenOnly(
  culprits: Task['culprits'],
  flags: GetFlags,
  context: CommandContext,
): Promise<Task['culprits']> {
  if (culprits.length === 0) return [];
  // Judges need all that nodes prove and check: nothing else here does.
  const { judgeAll, openJudge } = await import('../blame.js');
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
