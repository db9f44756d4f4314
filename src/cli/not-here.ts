import { Command } from 'commander';
import { ClusterError } from '../common/index.js';

/** A command that people will look for and that this release refuses, in a sentence that says what holds instead. */
export function notHere(name: string, sentence: string): Command {
  return new Command(name)
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(() => {
      throw new ClusterError('unsupported', sentence);
    });
}
