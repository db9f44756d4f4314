import { styleText } from 'node:util';
import { printable, wordsOf } from '../common/index.js';
import { EXIT } from './exit-codes.js';

/** The process as a command sees it; tests hand in their own. */
export type CommandContext = {
  /** Secrets that a command was told to find here are taken out. */
  readonly environment: Record<string, string | undefined>;
  /** The working folder, absolute. */
  readonly folder: string;
  /** One line of data: standard output. The style shows on a terminal only. */
  out(line: string, style?: Style): void;
  /** One line for the person at the keyboard: standard error. */
  err(line: string, style?: Style): void;
  /** Bytes of data as they are, on standard output; a terminal is not for them. */
  outBytes(bytes: Uint8Array): void;
  readonly outputIsTerminal: boolean;
  /** Whether a person can be asked. */
  readonly inputIsTerminal: boolean;
  /** Standard input, in pieces, to its end. */
  input(): AsyncIterable<Uint8Array>;
  /** How to call this program again, for commands that a person can copy. */
  readonly program: string;
};

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

/** The context of the running process. */
export function processContext(): CommandContext {
  process.stdout.on('error', ignoreClosed);
  // Lines that standard error cannot take, on a full disk for example, are lost: a node that logs there still signs.
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', endWithWords);
  return {
    environment: process.env,
    folder: process.cwd(),
    out: (line, style) => void process.stdout.write(`${painted(process.stdout, line, style)}\n`),
    err: (line, style) => void process.stderr.write(`${painted(process.stderr, line, style)}\n`),
    outBytes: (bytes) => void process.stdout.write(bytes),
    outputIsTerminal: process.stdout.isTTY,
    inputIsTerminal: process.stdin.isTTY,
    input: readInput,
    program: programName(process.argv[1] ?? 'quorate', process.cwd(), process.env),
  };
}

/**
 * The same context, whose lines are lines: each is printed as {@link printable}, so that no text from outside, whatever
 * command prints it, reaches the terminal as anything but text.
 */
export function printingLines(context: CommandContext): CommandContext {
  return {
    ...context,
    out: (line, style) => context.out(printable(line), style),
    err: (line, style) => context.err(printable(line), style),
    outBytes: (bytes) => context.outBytes(bytes),
    input: () => context.input(),
  };
}

function painted(
  { isTTY }: { readonly isTTY: boolean },
  line: string,
  style: Style | undefined,
): string {
  return style !== undefined && isTTY && !process.env['NO_COLOR'] ? styleText(style, line) : line;
}

/**
 * Ends the process with the words of an error that nothing caught, where Node would print all that hangs on it, raw: texts of
 * nodes, and secrets. A node's process has a listener of its own, which tells its log.
 */
function endWithWords(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return;
  process.stderr.write(`${printable(`quorate: ${wordsOf(error)}`)}\n`);
  process.exit(EXIT.failure);
}

/** The reader of our output, `head` for example, may have read enough: that is no error. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function* readInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield new Uint8Array(Buffer.from(chunk));
}

/** `quorate` where it was installed as a command; else the way npx or node runs it from here. */
export function programName(
  script: string,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  // Without --no, npx would install a package of this name where this one is not.
  if (environment['npm_command'] === 'exec') return 'npx --no quorate';
  if (!/\.m?js$/.test(script)) return 'quorate';
  const inside = script.startsWith(`${folder}/`) ? script.slice(folder.length + 1) : script;
  return `node ${shellWord(inside)}`;
}

/** `text` as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
