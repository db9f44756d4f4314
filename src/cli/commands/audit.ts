import { Command, Option } from 'commander';
import { EVENTS, verifyFiles } from '../../audit/index.js';
import type { AuditLine } from '../../audit/index.js';
import { ClusterError } from '../../common/index.js';
import { endArgument, findAuditLog } from '../audit-place.js';
import type { AuditPlace, PlaceFlags } from '../audit-place.js';
import { Ended, EXIT, usageError } from '../exit-codes.js';
import { auditRow, endText, faultText, gapText, verificationJson } from '../format/audit.js';
import type { CommandContext } from '../command-context.js';

type VerifyFlags = PlaceFlags & { readonly json?: true };
type ListFlags = PlaceFlags & {
  readonly keyId?: string;
  readonly requester?: string;
  readonly event?: string;
  readonly task?: string;
  readonly requestId?: string;
  readonly decision?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly json?: true;
};

const LIMIT = 100;
const LIMIT_MAX = 100_000;
const DECISIONS = ['opened', 'known', 'refused'];

/** `quorate audit`: what a node has written down of what the cluster decided. */
export function auditCommand(context: CommandContext): Command {
  return new Command('audit')
    .description(
      'The audit log of a node: one line for each security event that it applied, each with the hash of all lines before it. ' +
        'Read from files on this machine; nothing is asked of any cluster.',
    )
    .addCommand(listCommand(context))
    .addCommand(verifyCommand(context));
}

function listCommand(context: CommandContext): Command {
  const command = new Command('list').description(
    'Prints lines of an audit log, the oldest first. Several filters must all fit.',
  );
  addPlaceOptions(command)
    .option('--key-id <id>', 'only those about this key')
    .option('--requester <spiffe-id>', 'only those of this requester')
    .addOption(new Option('--event <event>', 'only those of this kind').choices(EVENTS))
    .addOption(new Option('--decision <decision>', 'only requests with it').choices(DECISIONS))
    .option('--task <id>', 'only those about this task')
    .option('--request-id <id>', 'only those with this request id')
    .addOption(timeOption('--since <time>', 'only those at or after this time, in ISO 8601'))
    .addOption(timeOption('--until <time>', 'only those before this time'))
    .addOption(
      new Option('--limit <count>', `so many, the newest that fit: 1 to ${LIMIT_MAX}`)
        .default(LIMIT)
        .argParser(limitArgument),
    )
    .option('--json', 'print one JSON object: {"holds": …, "lines": [...], "more": …}')
    .addHelpText(
      'after',
      `
Examples:
  quorate audit list --config node.yaml --key-id payments
  quorate audit list --config node.yaml --event request --decision refused
  quorate audit list --dir /backup/audit --since 2026-11-30T00:00:00Z --json`,
    );
  return command.action(async (flags: ListFlags) => list(flags, context));
}

function verifyCommand(context: CommandContext): Command {
  const command = new Command('verify').description(
    'Checks that no line of an audit log was removed, changed, added or moved, in any of its files. With --config, its end is ' +
      'held against what the node’s store knows, also while the node runs; without, a cut at the end is not found unless ' +
      `--end names a line that must be there. Ends with ${EXIT.invalid} where the chain does not hold.`,
  );
  addPlaceOptions(command)
    .addOption(
      new Option(
        '--end <line:hash>',
        'a line that must be there, as an earlier run of this command printed it, or one on another node',
      ).argParser(endArgument),
    )
    .option('--json', 'print one JSON object: {"holds": …, "end": …, "faults": [...]}')
    .addHelpText(
      'after',
      `
Examples:
  quorate audit verify --config node.yaml
  quorate audit verify --dir /backup/audit --end 1200:9f…`,
    );
  return command.action(async (flags: VerifyFlags) => verify(flags, context));
}

function addPlaceOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration of the node whose log it is [QUORATE_CONFIG]')
    .option('--dir <folder>', 'instead: a folder with files of an audit log, or copies of them');
}

async function verify(flags: VerifyFlags, context: CommandContext): Promise<void> {
  const place = await findAuditLog(flags, context);
  const found = await verifyFiles(place.files, place.end);
  requireFiles(found.files, place);
  const { faults, gaps, first, end } = found;
  if (flags.json) context.out(JSON.stringify(verificationJson(found, place.end)));
  else {
    for (const fault of faults) context.out(faultText(fault), 'red');
    for (const gap of gaps) context.out(gapText(gap), 'yellow');
    if (faults.length === 0) {
      context.out(
        `The chain holds: lines ${first ?? 0} to ${end?.line ?? 0}, files: ${found.files}`,
      );
      if (end !== undefined) context.out(`end: ${endText(end)}`);
    }
    tellEnd(found.isLastTorn, first, place, context);
  }
  if (faults.length > 0) throw new Ended(EXIT.invalid);
}

function tellEnd(
  isLastTorn: boolean,
  first: number | undefined,
  { end, source }: AuditPlace,
  context: CommandContext,
): void {
  if (first !== undefined && first > 1)
    context.err(`The lines before ${first} are in files that are not here`);
  if (isLastTorn)
    context.err(
      'The last line is not whole: a node is writing it, or writes it again when it starts',
    );
  if (end === undefined)
    context.err(`Whether lines are missing at the end cannot be told: ${source}`);
  else context.err(`The end was held against line ${end.line}, from ${source}`);
}

async function list(flags: ListFlags, context: CommandContext): Promise<void> {
  const place = await findAuditLog(flags, context);
  const lines: AuditLine[] = [];
  let fitting = 0;
  const found = await verifyFiles(place.files, place.end, (line) => {
    if (!fits(line, flags)) return;
    fitting += 1;
    lines.push(line);
    // Not one by one: each time all that stay are moved.
    if (lines.length >= 2 * flags.limit) lines.splice(0, lines.length - flags.limit);
  });
  requireFiles(found.files, place);
  const shown = lines.slice(-flags.limit);
  const holds = found.faults.length === 0;
  const more = fitting > shown.length;
  if (flags.json) {
    context.out(JSON.stringify({ holds, lines: shown.map(({ all }) => all), more }));
  } else {
    for (const line of shown) context.out(auditRow(line));
    if (shown.length === 0) context.err('No line fits');
    if (more) context.err(`${fitting - shown.length} older lines fit too: see --limit`);
  }
  if (!holds)
    context.err(`The chain does not hold: see \`${context.program} audit verify\``, 'red');
}

function fits({ time, event, all }: AuditLine, flags: ListFlags): boolean {
  const { since, until } = flags;
  const ms = Date.parse(time);
  const is = (name: string, wanted: string | undefined): boolean =>
    wanted === undefined || all[name] === wanted;
  return (
    (flags.event === undefined || flags.event === event) &&
    is('key', flags.keyId) &&
    is('requester', flags.requester) &&
    is('task', flags.task) &&
    is('request_id', flags.requestId) &&
    is('decision', flags.decision) &&
    !(since !== undefined && ms < since) &&
    !(until !== undefined && ms >= until)
  );
}

function requireFiles(count: number, { folder }: AuditPlace): void {
  if (count > 0) return;
  throw new ClusterError('not-found', `There is no file of an audit log in ${folder}`, {
    reason: 'NO_AUDIT_LOG',
  });
}

function timeOption(flag: string, meaning: string): Option {
  return new Option(flag, meaning).argParser((text) => {
    const ms = Date.parse(text);
    if (Number.isNaN(ms))
      throw usageError(
        `${flag.split(' ')[0]} must be a time such as 2026-11-30T12:00:00Z, not "${text}"`,
      );
    return ms;
  });
}

function limitArgument(text: string): number {
  const count = Number(text);
  if (/^\d{1,6}$/.test(text) && count >= 1 && count <= LIMIT_MAX) return count;
  throw usageError(`--limit must be from 1 to ${LIMIT_MAX}, not "${text}"`);
}
