import type { Message } from '../../../src/raft/index.js';
import { kindOf, numberOf } from './words.js';

/** Words of a command: those with `=` by name, the others in order. */
export class Words {
  readonly plain: readonly string[];
  readonly #named: ReadonlyMap<string, string>;

  constructor(words: readonly string[]) {
    this.plain = words.filter((word) => !word.includes('='));
    this.#named = new Map(
      words
        .filter((word) => word.includes('='))
        .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    );
  }

  get(name: string): string | undefined {
    return this.#named.get(name);
  }

  number(name: string, otherwise: number): number {
    const text = this.get(name);
    return text === undefined ? otherwise : Number(text);
  }

  /** A place in the log, `index/term`. */
  place(name: string, otherwise = '1/1'): { readonly index: number; readonly term: number } {
    return placeOf(this.get(name) ?? otherwise);
  }

  /** The names that were given, for a command to refuse what it does not know. */
  get names(): readonly string[] {
    return [...this.#named.keys()];
  }
}

export function placeOf(text: string): { readonly index: number; readonly term: number } {
  const [index, term] = text.split('/').map(Number);
  if (!index || !term) throw new Error(`${text} is no place in a log: index/term`);
  return { index, term };
}

/** Which messages a command is about: `1->2`, `1->`, `->2`, `1,3->2` or `all`, and types. None: all messages. */
export function filterOf(words: readonly string[]): (message: Message) => boolean {
  const ways = words.filter((word) => word.includes('->')).map(wayFilter);
  const kinds = words.filter((word) => !word.includes('->') && word !== 'all');
  return (message) =>
    (ways.length === 0 || ways.some((matches) => matches(message))) &&
    (kinds.length === 0 || kinds.includes(kindOf(message)));
}

function wayFilter(word: string): (message: Message) => boolean {
  const [from = '', to = ''] = word.split('->');
  return (message) =>
    (from === '' || from.split(',').includes(numberOf(message.from))) &&
    (to === '' || to.split(',').includes(numberOf(message.to)));
}
