// Fails when src/wire/gen or proto/quorate.binpb is not what proto/ generates (`npm run proto` makes both), or when proto/ does not lint.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fresh = mkdtempSync(join(tmpdir(), 'quorate-proto-'));
const buf = 'node_modules/.bin/buf';
const steps = [
  [buf, 'lint', 'proto'],
  [
    buf,
    'format',
    '--diff',
    '--exit-code',
    '--exclude-path',
    'proto/google',
    '--exclude-path',
    'proto/grpc',
    'proto',
  ],
  [buf, 'generate', 'proto', '--template', 'proto/buf.gen.yaml', '-o', fresh],
  ['diff', '-r', join(fresh, 'src/wire/gen'), 'src/wire/gen'],
  ['npm', 'run', '--silent', 'proto:set', '--', '-o', join(fresh, 'quorate.binpb')],
  ['cmp', join(fresh, 'quorate.binpb'), 'proto/quorate.binpb'],
];
let status = 0;
for (const [command, ...args] of steps) {
  status = spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status ?? 1;
  if (status !== 0) {
    console.error(`failed: ${command} ${args.join(' ')}`);
    break;
  }
}
rmSync(fresh, { recursive: true, force: true });
process.exit(status);
