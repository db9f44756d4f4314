import { styleText } from 'node:util';

/** The process as a command sees it; tests hand in their own. */
export type CommandContext = {
  /** Secrets that a command was told to find here are taken out. */
  readonly environment: Record<string, string | undefined>;
  /** The working folder, absolute. */
  readonly folder: string;
  /** One line of data: standard output. */
  out(line: string): void;
  /** One line for the person at the keyboard: standard error. */
  err(line: string): void;
  /** Whether a person types the input, so that reading it would wait for a keyboard. */
  readonly inputIsTerminal: boolean;
  /** All of standard input, or the first `bytesMax + 1` bytes of it. */
  input(bytesMax: number): Promise<Uint8Array>;
  /** Emphasis, where a terminal shows it. */
  paint(style: Style, text: string): string;
  /** How to call this program again, for commands that a person can copy. */
  readonly program: string;
};

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

/** The context of the running process. */
export function processContext(): CommandContext {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosed);
  const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
  return {
    environment: process.env,
    folder: process.cwd(),
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    inputIsTerminal: process.stdin.isTTY,
    input: readInput,
    paint: (style, text) => (colours ? styleText(style, text) : text),
    program: programName(process.argv[1] ?? 'quorate', process.cwd()),
  };
}

/** The reader of our output, `head` for example, may have read enough: that is no error. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function readInput(bytesMax: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (size > bytesMax) break;
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** `quorate` where it was installed as a command; else the way node runs it from here. */
export function programName(script: string, folder: string): string {
  if (!script.endsWith('.js')) return 'quorate';
  const inside = script.startsWith(`${folder}/`) ? script.slice(folder.length + 1) : script;
  return `node ${shellWord(inside)}`;
}

/** `text` as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
