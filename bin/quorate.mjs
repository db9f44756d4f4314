#!/usr/bin/env node
// The command `quorate`. It is there before anything is compiled: npm links it once, and a file that comes later never.
import { existsSync } from 'node:fs';

const main = new URL('../dist/src/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error('quorate: this clone is not set up yet. In it, run: npm run setup');
  process.exitCode = 2;
}
