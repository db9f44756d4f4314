import { Argument, Command, Option } from 'commander';
import { resolve } from 'node:path';
import type { Culprit } from '../../blame/index.js';
import { DEEDS, judgeAll, openJudge, readEvidence } from '../blame.js';
import { Ended, EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';

type Flags = { readonly clusterFile: string; readonly json?: true };

/** `quorate verify-blame`: the nodes that evidence proves to have lied, decided on this machine. */
export function verifyBlameCommand(context: CommandContext): Command {
  return new Command('verify-blame')
    .description(
      'Judges evidence that `quorate tasks get --evidence` wrote, on this machine. Nothing is asked of any cluster, and ' +
        'no node is believed: what counts is what the accused node signed with its identity key in cluster.json.\n' +
        'Prints the nodes that are proved to have lied and how, and ends with 0; or that the evidence proves nothing, and ' +
        `${EXIT.invalid}.`,
    )
    .addArgument(new Argument('<file>', 'the evidence'))
    .addOption(
      new Option('--cluster-file <file>', 'the genesis, cluster.json').makeOptionMandatory(),
    )
    .option('--json', 'print one JSON object: {"proven": …, "culprits": [...], "unproven": …}')
    .addHelpText(
      'after',
      `
Example:
  quorate tasks get <task-id> --evidence blame.json
  quorate verify-blame blame.json --cluster-file cluster.json`,
    )
    .action((file: string, flags: Flags) => {
      const judge = openJudge(resolve(context.folder, flags.clusterFile));
      const verdicts = judgeAll(judge, readEvidence(resolve(context.folder, file)));
      const culprits = verdicts.filter((each) => each !== undefined);
      const unproven = verdicts.length - culprits.length;
      const proven = culprits.length > 0;
      if (flags.json) {
        context.out(JSON.stringify({ proven, culprits: culprits.map(culpritJson), unproven }));
      } else {
        for (const culprit of culprits) context.out(sentence(culprit));
        if (unproven > 0 || !proven) context.out(nothing(unproven));
      }
      if (!proven) throw new Ended(EXIT.invalid);
    });
}

function culpritJson({ nodeId, reason, taskId, sessionId }: Culprit): object {
  return { node_id: nodeId, reason, task_id: taskId, session_id: sessionId };
}

function sentence({ nodeId, reason, taskId, sessionId }: Culprit): string {
  return `${nodeId} is to blame: ${reason}, ${DEEDS[reason]} (task ${taskId}, session ${sessionId})`;
}

function nothing(count: number): string {
  return count > 1 ? `${count} pieces of evidence prove nothing` : 'The evidence proves nothing';
}
