import { Command } from 'commander';
import { dirname, join, resolve } from 'node:path';
import { mkdirSync } from 'node:fs';
import { readClientFile } from '../../client/index.js';
import { writeClientFile } from '../client-file.js';
import type { CommandContext } from '../command-context.js';
import { addConnectionOptions, findConnection } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import {
  clientFileOf,
  contextsFile,
  readContexts,
  requireContextsFile,
  requireName,
  writeContexts,
} from '../contexts.js';
import { usageError } from '../exit-codes.js';
import { systemWord } from '../files.js';
import { table } from '../format/table.js';

type JsonFlags = { readonly json?: true };
type AddFlags = ConnectionFlags & JsonFlags & { readonly use?: true };

/** `quorate context`: the clusters of a person, by name. */
export function contextCommand(context: CommandContext): Command {
  return new Command('context')
    .description(
      'Clusters by name: each context is a client.json, and the one in use is called by every command that names no other. Kept in ' +
        '$XDG_CONFIG_HOME/quorate/config.json, else ~/.config/quorate/config.json.',
    )
    .addCommand(listCommand(context))
    .addCommand(addCommand(context))
    .addCommand(useCommand(context))
    .addCommand(removeCommand(context));
}

function listCommand(context: CommandContext): Command {
  return new Command('list')
    .description('Lists the contexts, with the one in use.')
    .option('--json', 'print one JSON object: {"current", "contexts": [...]}')
    .action(({ json }: JsonFlags) => {
      const { current, clientFiles } = readContexts(contextsFile(context));
      const rows = [...clientFiles].map(([name, file]) => ({ name, file, ...seen(file) }));
      if (json) {
        const contexts = rows.map(({ name, file, endpoints, fault }) => {
          return { name, client_file: file, endpoints, error: fault };
        });
        return context.out(JSON.stringify({ current, contexts }));
      }
      if (rows.length === 0)
        return context.err(`There is no context. See: ${context.program} context add --help`);
      const cells = rows.map(({ name, file, endpoints, fault }) => {
        return [name === current ? '*' : ' ', name, endpoints?.join(', ') ?? fault, file];
      });
      for (const line of table(['', 'NAME', 'ENDPOINTS', 'CLIENT FILE'], cells)) context.out(line);
    });
}

function addCommand(context: CommandContext): Command {
  const command = new Command('add')
    .description(
      'Adds a context, or changes it: the client.json that --client-file names, or one that is written of the other flags. No key is ' +
        'copied, so its files must stay where they are.',
    )
    .argument('<name>', 'lower-case letters, digits, _ and -')
    .option('--use', 'use it from now on')
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate context add production --client-file operator/client.json --use
  quorate context add staging --endpoint 10.0.0.1:7400 --ca ca.pem --cert me.pem --key me.key --cluster-file cluster.json`,
    )
    .action((name: string, flags: AddFlags) => {
      requireName(name);
      if (flags.context !== undefined) throw usageError('--context is for other commands');
      const file = requireContextsFile(context);
      const known = readContexts(file);
      // Judged before it is written: what is missing, and what is no file.
      const connection = findConnection(flags, context, { namedOnly: true });
      const own = join(dirname(file), 'contexts', `${name}.json`);
      const isWhole = flags.clientFile !== undefined && isAlone(flags);
      const clientFile = isWhole ? resolve(context.folder, flags.clientFile) : own;
      if (!isWhole) {
        mkdirSync(dirname(own), { recursive: true, mode: 0o700 });
        writeClientFile(own, connection);
      }
      const clientFiles = new Map(known.clientFiles).set(name, clientFile);
      const current = flags.use === true ? name : known.current;
      writeContexts(file, { current, clientFiles });
      if (flags.json)
        return context.out(JSON.stringify({ name, client_file: clientFile, current }));
      context.out(`Context ${name}: ${connection.endpoints.join(', ')}, by ${clientFile}`);
      if (current === name) context.out(`It is in use now`);
      else context.err(`Use it: ${context.program} context use ${name}`);
    });
}

function useCommand(context: CommandContext): Command {
  return new Command('use')
    .description('Has every command that names no other cluster call this one from now on.')
    .argument('[name]', 'a context; without one none is in use')
    .option('--json', 'print one JSON object')
    .action((name: string | undefined, { json }: JsonFlags) => {
      const file = requireContextsFile(context);
      const known = readContexts(file);
      if (name !== undefined) clientFileOf(known, name);
      writeContexts(file, { ...known, current: name });
      if (json) return context.out(JSON.stringify({ current: name }));
      context.out(
        name === undefined ? 'No context is in use now' : `Context ${name} is in use now`,
      );
    });
}

function removeCommand(context: CommandContext): Command {
  return new Command('remove')
    .description('Forgets a context. Its client.json and its keys stay.')
    .argument('<name>')
    .option('--json', 'print one JSON object')
    .action((name: string, { json }: JsonFlags) => {
      const file = requireContextsFile(context);
      const known = readContexts(file);
      clientFileOf(known, name);
      const clientFiles = new Map(known.clientFiles);
      clientFiles.delete(name);
      const current = known.current === name ? undefined : known.current;
      writeContexts(file, { current, clientFiles });
      if (json) return context.out(JSON.stringify({ current, forgotten: name }));
      context.out(`Context ${name} is forgotten`);
    });
}

/** The endpoints of a client file, or why they are not known. */
function seen(file: string): {
  readonly endpoints?: readonly string[];
  readonly fault?: string;
} {
  try {
    return { endpoints: readClientFile(file).endpoints };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : systemWord(error) };
  }
}

function isAlone({ endpoint, ca, cert, key, clusterFile }: ConnectionFlags): boolean {
  return [endpoint, ca, cert, key, clusterFile].every((each) => each === undefined);
}
