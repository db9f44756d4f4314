#!/usr/bin/env node
import { processContext, run } from './cli/index.js';

process.exitCode = await run(process.argv.slice(2), processContext());
