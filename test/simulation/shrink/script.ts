import { CALMING_NAMES, type Reduction } from './calmings.js';

/** A failing seed, cut down to what it fails by. */
export type Script = Reduction & {
  /** Of the simulator. */
  readonly options: readonly string[];
  readonly seed: number;
  /** What happens, by its ids; nothing else does. */
  readonly kept: readonly string[];
};

/** What people are told beside the script. */
export type Remarks = {
  /** The violation, above all. */
  readonly head: readonly string[];
  /** By id. */
  readonly of: ReadonlyMap<string, string>;
};

/** The script as text; `#` begins a remark. */
export function formatScript(script: Script, remarks: Remarks): string {
  const { options, seed, nodes, faultsMs, calm, kept } = script;
  const width = Math.max(0, ...kept.map(({ length }) => length));
  const lines = [
    ...remarks.head.map((line) => `# ${line}`),
    `options ${options.join(' ')}`,
    `seed ${seed}`,
    ...(nodes === undefined ? [] : [`nodes ${nodes}`]),
    ...(faultsMs === undefined ? [] : [`faults-ms ${faultsMs}`]),
    ...calm.map((name) => `without ${name}`),
    ...kept.map((id) => {
      const remark = remarks.of.get(id);
      return remark === undefined ? `happens ${id}` : `happens ${id.padEnd(width)}  # ${remark}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

/** Reads what {@link formatScript} writes. Throws where a line is not one of a script. */
export function parseScript(text: string): Script {
  let [seed, nodes, faultsMs]: (number | undefined)[] = [];
  const [options, kept, calm]: [string[], string[], Reduction['calm'][number][]] = [[], [], []];
  for (const line of text.split('\n')) {
    const [verb = '', ...words] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    const [word = ''] = words;
    const calming = CALMING_NAMES.find((name) => name === word);
    if (verb === '') continue;
    if (verb === 'options') options.push(...words);
    else if (verb === 'seed') seed = numberOf(word, line);
    else if (verb === 'nodes') nodes = numberOf(word, line);
    else if (verb === 'faults-ms') faultsMs = numberOf(word, line);
    else if (verb === 'happens' && words.length === 1) kept.push(word);
    else if (verb === 'without' && calming !== undefined) calm.push(calming);
    else throw new Error(`not a line of a script: ${line}`);
  }
  if (seed === undefined) throw new Error('the script names no seed');
  return { options, seed, nodes, faultsMs, calm, kept };
}

function numberOf(text: string, line: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`not a number: ${line}`);
}
