// Packs the client library for applications: the files of dist/src that its entry reaches, and no others, as an npm package
// in build/. With a folder as argument the tarball goes there. `npm run setup` compiles first.
// Imports from a room's index are led to the files that define the names (lead.mjs), so that they drag in nothing else.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { leading } from './lead.mjs';

const ROOT = 'dist/src';
const ENTRY = 'client/index';
const SOURCE = 'clients/javascript';
const INLINE = /\bimport\("(\.[^"]*)"\)/g;
const PACKAGE = /^(?:import|export) (?:type )?(?:[^'"=();]* from )?['"]([^.'"][^'"]*)['"];$/gm;

/** Every file that the entry reaches, with its imports led. @returns The packages that they import. */
function collect(ending, out, packages) {
  const { ledText, targetOf } = leading(ROOT, ending);
  const queue = [ENTRY + ending];
  const seen = new Set(queue);
  const reach = (target) => {
    if (seen.has(target)) return;
    seen.add(target);
    queue.push(target);
  };
  for (const file of queue) {
    const text = ledText(file, ({ lines, targets }) => {
      targets.forEach(reach);
      return lines.join('\n');
    });
    for (const [, from] of text.matchAll(INLINE)) reach(targetOf(file, from));
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
