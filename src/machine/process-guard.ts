import { url as inspectorUrl } from 'node:inspector';
import type { Logger } from '../ports/index.js';

/** Options of Node by which memory, and every secret in it, comes out of a process. */
const SHOWS_MEMORY = /--(inspect|heapsnapshot|heap-prof|cpu-prof|report|abort-on-uncaught)[\w-]*/g;

/**
 * Closes the ways by which a process that holds secrets shows its memory: no debugger starts by a signal, no report is
 * written, and an error that was not caught is told by its words alone, where Node would print all that hangs on it. What was
 * switched on when the process began cannot be taken back; it is told.
 *
 * @param end - Ends the process, with a failure.
 */
export function guardMemory(logger: Logger, end: () => void): void {
  // Node opens a debugger's port at SIGUSR1, to every user of this machine, unless the process listens for the signal.
  process.on('SIGUSR1', () => logger.warn('Debuggers are not let in: SIGUSR1 does nothing'));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.error('The node cannot go on', { error: traceOf(error) });
      end();
    });
  }
  const { report } = process;
  report.reportOnFatalError = false;
  report.reportOnSignal = false;
  report.reportOnUncaughtException = false;

  const started = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  const options = new Set(started.match(SHOWS_MEMORY));
  if (inspectorUrl() !== undefined) options.add('--inspect');
  if (options.size > 0) {
    logger.warn(
      'This process can be made to show its memory, and every secret of this node with it',
      {
        options: [...options].join(' '),
      },
    );
  }
}

/** Message and frames of an error and of what caused it. Never what else hangs on them: that may be anything. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return `no error, but a value of type ${typeof error}, was thrown`;
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${traceOf(error.cause)}`;
}
