import { z } from 'zod';
import { schema } from './config.js';
import { isTree } from './config-file.js';

/** The values that a setting can have, in words, where its schema has a bound: `1 to 600`, or `embedded, mongodb`. */
export function boundOf(path: string): string | undefined {
  const whole: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const found = path.split('.').reduce(stepInto, whole);
  if (!isTree(found)) return undefined;
  const { enum: choices, minimum, maximum } = found;
  if (Array.isArray(choices)) return choices.join(', ');
  if (typeof minimum !== 'number' || typeof maximum !== 'number') return undefined;
  return `${minimum} to ${maximum}`;
}

function stepInto(at: unknown, step: string): unknown {
  if (!isTree(at)) return undefined;
  const { anyOf, properties } = at;
  if (isTree(properties)) return properties[step];
  // A group without a line of its own is nothing, or its settings.
  const group: unknown = Array.isArray(anyOf) ? anyOf.find(hasProperties) : undefined;
  return group === undefined ? undefined : stepInto(group, step);
}

function hasProperties(value: unknown): boolean {
  return isTree(value) && isTree(value['properties']);
}
