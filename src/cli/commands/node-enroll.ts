import { Command, Option } from 'commander';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError, toHex } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { parseMemberRequest } from '../../identity/index.js';
import { nodeVerify, replacePrivateFile } from '../../machine/index.js';
import { addressArgument, idArgument, waitArgument } from '../enrolment/arguments.js';
import { Desk } from '../enrolment/desk.js';
import { GENESIS_WAIT_MS, REFUSALS_TOLD_EVERY_MS } from '../enrolment/limits.js';
import type { Delivery } from '../enrolment/messages.js';
import { readToken } from '../enrolment/token.js';
import { Ended, EXIT, usageError } from '../exit-codes.js';
import { makeOwnKeys, MEMBER_FILE } from '../own-keys.js';
import type { CommandContext } from '../command-context.js';

type Flags = {
  readonly nodeId: NodeId;
  readonly out?: string;
  readonly dataDir?: string;
  readonly listen: string;
  readonly tokenFile: string;
  readonly wait: Millis;
  readonly json?: true;
};

/** `quorate node enroll`: a node that makes its own keys and waits for its genesis. */
export function nodeEnrollCommand(context: CommandContext): Command {
  return new Command('enroll')
    .description(
      'Makes what is a node’s alone, as `quorate node init` does, unless it is there, shows its public half, and waits for the ' +
        'genesis and the certificate that `quorate cluster init` brings. Ends when they are written, and at once where they ' +
        'are there already: a container runs it before `quorate node`, at every start.',
    )
    .addOption(
      new Option('--node-id <id>', 'this node')
        .argParser(idArgument('--node-id'))
        .makeOptionMandatory(),
    )
    .option('-o, --out <folder>', 'where its files go (default: a folder with the id)')
    .option('--data-dir <folder>', 'its data directory (default: data in that folder)')
    .addOption(
      new Option('--listen <host:port>', 'where `quorate cluster init` finds it, plain HTTP')
        .default('127.0.0.1:7402')
        .argParser(addressArgument('--listen')),
    )
    .requiredOption(
      '--token-file <file>',
      'a secret that this node and `quorate cluster init` share, and no other node has: 64 hex characters',
    )
    .addOption(
      new Option('--wait <duration>', 'how long to wait for the genesis')
        .default(GENESIS_WAIT_MS, '24h')
        .argParser(waitArgument('--wait')),
    )
    .option('--json', 'print one JSON object when the genesis is there')
    .addHelpText(
      'after',
      `
Examples:
  openssl rand -hex 32 > a.token
  quorate node enroll --node-id a --listen 0.0.0.0:7402 --token-file a.token
  quorate node --config a/node.yaml                      once it has ended, with a configuration of your own`,
    )
    .action((flags: Flags) => enroll(flags, context));
}

async function enroll(flags: Flags, context: CommandContext): Promise<void> {
  const { nodeId: node } = flags;
  const folder = resolve(context.folder, flags.out ?? node);
  const dataDir =
    flags.dataDir === undefined ? join(folder, 'data') : resolve(context.folder, flags.dataDir);
  const clusterFile = join(folder, 'cluster.json');
  const tell = (): void => {
    context.err(`${node} has its genesis: ${clusterFile}`);
    if (flags.json)
      context.out(JSON.stringify({ node_id: node, folder, cluster_file: clusterFile }));
  };
  if (existsSync(clusterFile)) return tell();
  using token = readToken(resolve(context.folder, flags.tokenFile));
  const memberFile = join(folder, MEMBER_FILE);
  const text = existsSync(memberFile)
    ? readFileSync(memberFile, 'utf8')
    : await makeOwnKeys({ node, folder, dataDir }, context.environment);
  const member = parseMemberRequest(new TextEncoder().encode(text), (...asked) =>
    nodeVerify.identity(...asked),
  );
  if (member.nodeId !== node) throw usageError(`${memberFile} is of ${member.nodeId}, not ${node}`);
  const keep = (delivery: Delivery) => keepDelivery(folder, delivery);
  await using desk = new Desk({ token, member, text, keep, refusedOne: tellingSome(context) });
  const address = await desk.listen(flags.listen);
  context.err(`${node} waits for its genesis at ${address}`);
  context.err(`Its identity key is ${toHex(member.identityKey)}`);
  await withinWait(desk.delivered, flags.wait);
  tell();
}

/** The genesis is written last: a folder that has it has all. */
function keepDelivery(folder: string, { cluster, ca, cert }: Delivery): void {
  const write = (name: string, content: string) => replacePrivateFile(join(folder, name), content);
  write('ca.pem', ca);
  if (cert !== undefined) write('cert.pem', cert);
  write('cluster.json', cluster);
}

/** Says who is refused, in a bounded number of lines. */
function tellingSome(context: CommandContext): (why: string) => void {
  let nextMs = 0;
  let untold = 0;
  return (why) => {
    untold++;
    if (Date.now() < nextMs) return;
    nextMs = Date.now() + REFUSALS_TOLD_EVERY_MS;
    context.err(`Refused a call${untold > 1 ? ` (${untold} since the last line)` : ''}: ${why}`);
    untold = 0;
  };
}

/** Waits for a delivery; a signal or the end of the time ends the command. */
async function withinWait(delivered: Promise<void>, waitMs: Millis): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  const first = await Promise.race([
    delivered.then(() => 'delivered'),
    ...['SIGTERM', 'SIGINT'].map((name) => once(process, name, { signal }).then(() => 'signal')),
    wait(waitMs, 'late', { signal }),
  ]).finally(() => done.abort());
  if (first === 'signal') throw new Ended(EXIT.interrupted);
  if (first !== 'late') return;
  const words = 'No genesis came: call quorate cluster init, and this again';
  throw new ClusterError('deadline', words, { reason: 'GENESIS_NOT_THERE' });
}
