import { spawnSync } from 'node:child_process';

const NEEDED = 'import cryptography, google.protobuf, grpc';

/**
 * A Python that has gRPC, for programs that are no program of ours. The one that QUORATE_PYTHON names is not asked
 * whether it has: there, a test that needs it fails rather than is skipped. Debian's packages: `.ci/python.sh`.
 */
export function findPython(): string | undefined {
  const named = process.env['QUORATE_PYTHON'];
  if (named !== undefined) return named;
  const found = ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', NEEDED]).status === 0,
  );
  if (found === undefined)
    process.stderr.write('SKIPPED: no Python with gRPC here; .ci/python.sh installs it\n');
  return found;
}
