import { Option } from 'commander';
import type { Command } from 'commander';
import type { ListPart } from '../client/index.js';
import { countArgument } from './arguments.js';
import type { CommandContext } from './command-context.js';

/** The items that one call asks for: each call has the time that the command may take for one. */
const CALL_ITEMS_MAX = 1_000;

/** As far as a node counts. */
const MORE_COUNT_MAX = 10_000;

/** The flags that say which part of a list is shown. */
export type PartFlags = { readonly limit: number; readonly pageToken?: string };

/** Adds the flags to a command. */
export function addPartOptions(command: Command, limit: number): Command {
  return command
    .addOption(
      new Option('--limit <count>', 'at most so many')
        .default(limit)
        .argParser(countArgument('--limit')),
    )
    .addOption(
      new Option('--page-token <token>', 'go on where a list with the same filters ended'),
    );
}

/** Asks for a part of a list, in as many calls as it takes. */
export async function listPart<T>(
  { limit, pageToken = '' }: PartFlags,
  ask: (part: { readonly limit: number; readonly pageToken: string }) => Promise<ListPart<T>>,
): Promise<ListPart<T>> {
  const items: T[] = [];
  let part: ListPart<T> = { items, nextPageToken: pageToken, moreCount: 0 };
  do {
    const most = Math.min(limit - items.length, CALL_ITEMS_MAX);
    part = await ask({ limit: most, pageToken: part.nextPageToken });
    items.push(...part.items);
  } while (part.nextPageToken !== '' && items.length < limit);
  return { ...part, items };
}

/** How a part of a list ends, for programs. */
export function partJson({ nextPageToken, moreCount }: ListPart<unknown>): object {
  return {
    truncated: nextPageToken !== '',
    more_count: moreCount,
    next_page_token: nextPageToken,
  };
}

/** Tells a person that a list is empty, and for whom, and whether that may be for its filter. */
export function tellNone(items: 'keys' | 'tasks', filter: object, context: CommandContext): void {
  const filtered = Object.values(filter).some((value) => value !== undefined);
  context.err(`There are no ${items} that you may see${filtered ? ' and that fit' : ''}.`);
}

/** Tells a person what the part leaves out, beside the data: a list that was cut must not look whole. */
export function tellMore(part: ListPart<unknown>, context: CommandContext): void {
  const { items, nextPageToken, moreCount } = part;
  if (nextPageToken === '') return;
  const orMore = moreCount < MORE_COUNT_MAX ? '' : ' or';
  const all = items.length + moreCount;
  context.err(`${moreCount}${orMore} more: --limit ${all}, or --page-token ${nextPageToken}`);
}
