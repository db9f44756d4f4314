/** One command of a script and the trace that is expected of it. */
export type Block = { readonly command: string; readonly trace: readonly string[] };

/**
 * A script: a head of lines with `#`, and blocks. A block is a command, a line `----`, and the trace up to an empty line;
 * lines with `#` before a command explain it.
 */
export type Script = {
  readonly head: readonly string[];
  readonly blocks: readonly (Block & { readonly comments: readonly string[] })[];
};

const RULE = '----';

/** @throws Error that names the line, where the text is no script. */
export function parseScript(text: string): Script {
  const parts = text
    .trimEnd()
    .split(/\n{2,}/)
    .map((part) => part.split('\n').filter(Boolean));
  const [head = [], ...rest] = parts;
  if (!head.every((line) => line.startsWith('# '))) throw new Error('a script has a head first');
  return { head, blocks: rest.map(parseBlock) };
}

function parseBlock(lines: readonly string[]): Script['blocks'][number] {
  const at = lines.findIndex((line) => !line.startsWith('#'));
  const [command = '', rule = RULE, ...trace] = lines.slice(at);
  if (at === -1 || rule !== RULE) throw new Error(`no command and rule: ${lines.join(' | ')}`);
  return { comments: lines.slice(0, at), command, trace };
}

/** The text of a script with these traces. */
export function printScript(
  { head, blocks }: Script,
  traces: readonly (readonly string[])[],
): string {
  const texts = blocks.map(({ comments, command }, at) =>
    [...comments, command, RULE, ...(traces[at] ?? [])].join('\n'),
  );
  return `${[head.join('\n'), ...texts].join('\n\n')}\n`;
}
