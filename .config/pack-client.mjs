// Packs the client library for applications: the files of dist/src that its entry reaches, and no others, as an npm package
// in build/. With a folder as argument the tarball goes there. `npm run setup` compiles first.
//
// A room's index.ts lists all that the room offers, so an import of one name from it would drag in everything. Imports from
// an index.js are therefore led to the file that defines the name.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = 'dist/src';
const ENTRY = 'client/index';
const SOURCE = 'clients/javascript';
const STATEMENT = /^(import|export)( type)? (?:\{([^}]*)\} from )?['"](\.[^'"]*)['"];$/gm;
const INLINE = /\bimport\("(\.[^"]*)"\)/g;
const PACKAGE = /^(?:import|export) (?:type )?(?:[^'"=();]* from )?['"]([^.'"][^'"]*)['"];$/gm;

const texts = new Map();
const textOf = (file) => {
  const known = texts.get(file) ?? readFileSync(join(ROOT, file), 'utf8');
  texts.set(file, known);
  return known;
};
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
      return { outer, inner, text: each };
    });
}

/** The file that defines `name`, as `file`, an index, lists it. */
function definitionOf(file, name, ending) {
  for (const [, word, , list, from] of textOf(file).matchAll(STATEMENT)) {
    const found = namesOf(list ?? '').find(({ inner }) => inner === name);
    if (word !== 'export' || !found) continue;
    const target = targetOf(file, from, ending);
    return target.endsWith(`index${ending}`)
      ? definitionOf(target, found.outer, ending)
      : { target, outer: found.outer };
  }
  // It is defined in the index itself.
  return { target: file, outer: name };
}

/** The statement, once for each file that defines some of its names. */
function led(file, ending, [statement, word, type = '', list, from]) {
  const target = targetOf(file, from, ending);
  if (!list || !target.endsWith(`index${ending}`)) return { text: statement, targets: [target] };
  const byTarget = new Map();
  for (const { outer, inner } of namesOf(list)) {
    const found = definitionOf(target, outer, ending);
    const names = byTarget.get(found.target) ?? [];
    names.push(found.outer === inner ? inner : `${found.outer} as ${inner}`);
    byTarget.set(found.target, names);
  }
  const lines = [...byTarget].map(([at, names]) => {
    const path = relative(dirname(file), at.slice(0, -ending.length));
    const way = path.startsWith('.') ? path : `./${path}`;
    return `${word}${type} { ${names.join(', ')} } from '${way}.js';`;
  });
  return { text: lines.join('\n'), targets: [...byTarget.keys()] };
}

/** Every file that the entry reaches, with its imports led. @returns The packages that they import. */
function collect(ending, out, packages) {
  const queue = [ENTRY + ending];
  const seen = new Set(queue);
  const reach = (target) => {
    if (seen.has(target)) return;
    seen.add(target);
    queue.push(target);
  };
  for (const file of queue) {
    const text = textOf(file).replace(STATEMENT, (...match) => {
      const { text: leading, targets } = led(file, ending, match);
      targets.forEach(reach);
      return leading;
    });
    for (const [, from] of text.matchAll(INLINE)) reach(targetOf(file, from, ending));
    for (const [, name] of text.matchAll(PACKAGE)) {
      if (name.startsWith('node:')) continue;
      packages.add(
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    }
    const place = join(out, file);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
  }
}

const into = resolve(process.argv[2] ?? 'build');
const root = JSON.parse(readFileSync('package.json', 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'quorate-pack-'));
try {
  const packages = new Set();
  for (const ending of ['.js', '.d.ts']) collect(ending, join(work, 'lib'), packages);
  const { license, engines, version } = root;
  const dependencies = Object.fromEntries(
    [...packages].sort().map((name) => {
      const wanted = root.dependencies[name];
      if (!wanted) throw new Error(`${name} is no dependency of the root package`);
      return [name, wanted];
    }),
  );
  const own = JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8'));
  const whole = { ...own, version, license, engines, dependencies };
  writeFileSync(join(work, 'package.json'), `${JSON.stringify(whole, undefined, 2)}\n`);
  cpSync(join(SOURCE, 'README.md'), join(work, 'README.md'));
  cpSync('LICENSE', join(work, 'LICENSE'));
  mkdirSync(into, { recursive: true });
  const npm = process.env.npm_execpath;
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', into];
  const [command, ...first] = npm ? [process.execPath, npm] : ['npm'];
  const { status, error, stdout } = spawnSync(command, [...first, ...args], {
    cwd: work,
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  console.log(join(into, stdout.trim()));
} finally {
  rmSync(work, { recursive: true });
}
