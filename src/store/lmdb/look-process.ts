import { fromHex, wordsOf } from '../../common/index.js';
import { lookAtStore } from './look.js';

/* A process that looks at one store: arguments are its folder and, in hex, the identity key of its node, or nothing. */

const [path = '', key = ''] = process.argv.slice(2);
try {
  const records = await lookAtStore(path, key === '' ? undefined : fromHex(key));
  process.stdout.write(`${records}\n`);
} catch (error) {
  process.stderr.write(`${wordsOf(error).replaceAll('\n', ' ')}\n`);
  process.exitCode = 1;
}
