// Adds lock entries for optional platform packages that the registry mirror did not serve,
// so that `npm ci` accepts the lock file. Entries carry os/cpu so npm skips them elsewhere.
import fs from 'node:fs';
const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
const OS = [
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'android',
  'openharmony',
  'aix',
  'sunos',
  'netbsd',
  'openbsd',
];
const CPU = [
  'arm64',
  'x64',
  'ia32',
  'arm',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
];
let added = 0;
for (const [path, p] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(p.optionalDependencies ?? {})) {
    let dir = path,
      found = false;
    for (;;) {
      // node resolution
      const cand = dir ? `${dir}/node_modules/${name}` : `node_modules/${name}`;
      if (lock.packages[cand]) {
        found = true;
        break;
      }
      if (!dir) break;
      const i = dir.lastIndexOf('node_modules/');
      dir = i > 0 ? dir.slice(0, i - 1) : '';
    }
    if (found) continue;
    const words = name.split(/[-/@.]/);
    const os = OS.filter((o) => words.includes(o));
    let cpu = CPU.filter((c) => words.includes(c));
    if (words.includes('armv7') || words.includes('eabi') || words.some((w) => /eabihf/.test(w)))
      cpu = ['arm'];
    if (words.includes('aarch64')) cpu = ['arm64'];
    const libc =
      words.includes('musl') || words.includes('musleabihf')
        ? ['musl']
        : words.some((w) => /^gnu|glibc/.test(w)) && os.includes('linux')
          ? ['glibc']
          : undefined;
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ''),
      ...(cpu.length ? { cpu } : {}),
      ...(p.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      ...(os.length ? { os } : {}),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
fs.writeFileSync('package-lock.json', JSON.stringify(lock, null, 2) + '\n');
console.log('added', added, 'entries');
