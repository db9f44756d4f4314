import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { ClusterError, whyUnreadable } from '../common/index.js';

export type Tree = Record<string, unknown>;
export type ConfigFile = {
  readonly name: string | undefined;
  readonly tree: Tree;
  /** `file:line` of a setting, or the file alone. */
  locate(path: readonly PropertyKey[]): string;
};

/** Reads a file as a tree of settings that knows its lines. Without a name, the tree is empty. */
export function readConfigFile(name: string | undefined): ConfigFile {
  if (name === undefined) return { name, tree: {}, locate: () => 'the configuration' };
  const lines = new LineCounter();
  const document = parseDocument(readText(name), { lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const [first = ''] = fault.message.split('\n');
    throw refuse(`${name}:${lines.linePos(fault.pos[0]).line}`, first);
  }
  const tree = treeOf(document, name);
  if (!isTree(tree)) throw refuse(name, 'must be a list of settings, for example node_id: node-1');
  const locate = (at: readonly PropertyKey[]): string => {
    const node: unknown = document.getIn(at, true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : [];
    const start: unknown = Array.isArray(range) ? range[0] : undefined;
    return typeof start === 'number' ? `${name}:${lines.linePos(start).line}` : name;
  };
  return { name, tree, locate };
}

/** YAML's aliases are looked up only now: one may lead nowhere, or to more than a person would write. */
function treeOf(document: Document, name: string): unknown {
  try {
    const tree: unknown = document.toJS();
    return tree ?? {};
  } catch (cause) {
    throw refuse(name, 'has an alias that leads nowhere, or too far', cause);
  }
}

function readText(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (cause) {
    throw refuse(name, `cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An error of configuration: where it stands, and what is wrong. */
export function refuse(
  where: string,
  words: string,
  cause?: unknown,
  field?: string,
): ClusterError {
  return new ClusterError('invalid-request', `${where}: ${words}`, {
    reason: 'INVALID_CONFIGURATION',
    ...(cause === undefined ? {} : { cause }),
    ...(field === undefined ? {} : { field }),
  });
}
