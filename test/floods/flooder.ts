import { text } from 'node:stream/consumers';
import type { Target } from './flood.js';
import { runFlood } from './table.js';

/* A process of its own for a flood, so that it takes no time of whoever measures: `flooder.js <name>`, target on stdin. */

const [name = ''] = process.argv.slice(2);
const target = JSON.parse(await text(process.stdin)) as Target;
process.stdout.write(JSON.stringify(await runFlood(name, target)));
process.exit(0);
