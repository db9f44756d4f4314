import { wordsOf } from '../../../src/common/index.js';
import { ENTRY_OVERHEAD_BYTES, LIMITS } from '../../../src/raft/limits.js';
import type { Limits } from '../../../src/raft/index.js';
import { COMMANDS } from './commands.js';
import { Words } from './filter.js';
import type { Script } from './script-file.js';
import { Stage } from './stage.js';

/** An entry with a payload of some letters, by what limits count. */
const ENTRY_BYTES = ENTRY_OVERHEAD_BYTES + 4;

/** Names of limits in a script, where bytes are counted in small entries. */
const IN_ENTRIES: Readonly<Record<string, keyof Limits>> = {
  memory: 'logMemoryBytesMax',
  kept: 'logKeptBytesMax',
  part: 'logPartBytes',
  uncommitted: 'uncommittedBytesMax',
};
const IN_COUNTS: Readonly<Record<string, keyof Limits>> = {
  append: 'appendEntriesMax',
  'in-flight': 'inFlightMessagesMax',
  reads: 'readsMax',
};

/**
 * Runs all commands of a script.
 *
 * @returns The trace of each.
 * @throws Error that names the command, where it is none or breaks a promise.
 */
export function runScript({ blocks }: Script): readonly (readonly string[])[] {
  let stage: Stage | undefined;
  return blocks.map(({ command }) => {
    try {
      const words = command.split(/\s+/);
      const isQuiet = words[0] === 'quietly';
      const [name = '', ...rest] = isQuiet ? words.slice(1) : words;
      if (name === 'add-nodes') {
        if (stage !== undefined) throw new Error('nodes are added once');
        stage = openStage(new Words(rest));
        return ['ok'];
      }
      const act = COMMANDS[name];
      if (act === undefined) throw new Error('no such command');
      if (stage === undefined) throw new Error('nodes are to be added first');
      stage.isQuiet = isQuiet;
      act(stage, new Words(rest));
      const trace = stage.takeTrace();
      return trace.length === 0 ? ['ok'] : trace;
    } catch (error) {
      throw new Error(`${command}: ${wordsOf(error)}`, {
        cause: error,
      });
    }
  });
}

function openStage(words: Words): Stage {
  const limits = new Map<keyof Limits, number>();
  for (const name of words.names) {
    const value = words.number(name, 0);
    const inEntries = IN_ENTRIES[name];
    const inCounts = IN_COUNTS[name];
    if (inEntries !== undefined) limits.set(inEntries, value * ENTRY_BYTES);
    else if (inCounts !== undefined) limits.set(inCounts, value);
    else if (name !== 'level' && name !== 'liars') throw new Error(`no setting ${name}`);
  }
  const level = words.get('level');
  return new Stage(
    Number(words.plain[0]),
    { limits: { ...LIMITS, ...Object.fromEntries(limits) } },
    level === undefined ? undefined : Number(level),
    words.get('liars')?.split(',') ?? [],
  );
}
