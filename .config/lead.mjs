// A room's index.ts lists all that the room offers, so an import of one name from it loads everything that is in the room, and
// in the rooms below. In compiled files such imports are therefore led to the files that define the names: a command line that
// only lists keys loads neither the server nor GG20. What was written stays behind each such line, as a comment, so that a
// file is led anew from it when a definition has moved.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const STATEMENT = /^(import|export)( type)? (?:\{([^}]*)\} from )?['"](\.[^'"]*)['"];$/gm;
const LED = /^.* \/\/ led: (.*)$/gm;

/** A compiled file and a name that it uses in another, without the ending that tells code from types. */
const targetOf = (file, from, ending) => join(dirname(file), from).replace(/\.js$/, ending);

/** `A as B, type C` as its names: the one in the other file, the one here. */
function namesOf(list) {
  return list
    .split(',')
    .map((each) => each.trim().replace(/^type /, ''))
    .filter(Boolean)
    .map((each) => {
      const [outer, inner = outer] = each.split(' as ');
      return { outer, inner };
    });
}

/** Leads the imports of the compiled files below `root` whose names have this ending: `.js`, or `.d.ts`. */
export function leading(root, ending) {
  const texts = new Map();
  /** A file as it was compiled. */
  const textOf = (file) => {
    const known = texts.get(file) ?? readFileSync(join(root, file), 'utf8').replace(LED, '$1');
    texts.set(file, known);
    return known;
  };

  /** The file that defines `name`, as `file`, an index, lists it. */
  function definitionOf(file, name) {
    for (const [, word, , list, from] of textOf(file).matchAll(STATEMENT)) {
      const found = namesOf(list ?? '').find(({ inner }) => inner === name);
      if (word !== 'export' || !found) continue;
      const target = targetOf(file, from, ending);
      return basename(target) === `index${ending}`
        ? definitionOf(target, found.outer)
        : { target, outer: found.outer };
    }
    // It is defined in the index itself.
    return { target: file, outer: name };
  }

  /** A statement, once for each file that defines some of its names. @returns Its line or lines, and these files. */
  function led(file, [statement, word, type = '', list, from]) {
    const target = targetOf(file, from, ending);
    if (!list || basename(target) !== `index${ending}`)
      return { lines: [statement], targets: [target] };
    const byTarget = new Map();
    for (const { outer, inner } of namesOf(list)) {
      const found = definitionOf(target, outer);
      const names = byTarget.get(found.target) ?? [];
      names.push(found.outer === inner ? inner : `${found.outer} as ${inner}`);
      byTarget.set(found.target, names);
    }
    const lines = [...byTarget].map(([at, names]) => {
      const path = relative(dirname(file), at.slice(0, -ending.length));
      const way = path.startsWith('.') ? path : `./${path}`;
      return `${word}${type} { ${names.join(', ')} } from '${way}.js';`;
    });
    return { lines, targets: [...byTarget.keys()] };
  }

  /** The text of a file, with `change` made of what `led` gives for each statement. */
  const ledText = (file, change) =>
    textOf(file).replace(STATEMENT, (...match) => change(led(file, match), match[0]));
  return { ledText, targetOf: (file, from) => targetOf(file, from, ending) };
}

/** Leads all compiled code below a folder, in place, line by line: what runs has the line numbers of what was compiled. */
export function leadFolder(root) {
  const { ledText } = leading(root, '.js');
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const text = ledText(file, ({ lines }, statement) => {
      if (lines[0] === statement) return statement;
      return `${lines.join(' ')} // led: ${statement}`;
    });
    const place = join(root, file);
    if (text !== readFileSync(place, 'utf8')) writeFileSync(place, text);
  }
}
