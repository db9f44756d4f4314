import { afterAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, nodeYaml } from '../../src/cli/node-yaml.js';
import type { NodePlan } from '../../src/cli/cluster-plan.js';
import { nodeId } from '../../src/common/index.js';
import { readConfig } from '../../src/node/index.js';

const folder = mkdtempSync(join(tmpdir(), 'quorate-yaml-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Ids that YAML 1.1 or 1.2 reads as no text, and any others. */
const id = fc
  .oneof(
    fc.constantFrom('1', '007', '0x1f', '0o17', '1e3', 'null', 'true', 'no', 'on', 'y', '1_000'),
    fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/),
    fc.stringMatching(/^[0-9][0-9e_x-]{0,5}$/),
  )
  .map(nodeId);
const host = fc.oneof(
  fc.constantFrom('::1', '2001:db8::7', '10.0.0.3', 'null', '1', 'on', 'a.example.org'),
  fc.ipV4(),
  fc.ipV6(),
  fc.domain(),
);
const listen = fc
  .tuple(
    fc.constantFrom('[::]', '[::1]', '0.0.0.0', '127.0.0.1'),
    fc.integer({ min: 0, max: 65_535 }),
  )
  .map(([at, port]) => `${at}:${port}`);
const key = fc.option(
  fc.record({
    kind: fc.constantFrom('env' as const, 'passphrase' as const),
    variable: fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/),
  }),
  { nil: undefined },
);
const plan: fc.Arbitrary<NodePlan> = fc
  .tuple(id, fc.array(host, { minLength: 1, maxLength: 2 }), listen, listen, key)
  .map(([own, hosts, clientListen, peerListen, nodeKey]) => ({
    id: own,
    hosts,
    clientListen,
    peerListen,
    ...(nodeKey && { nodeKey }),
  }));
const plans = fc.uniqueArray(plan, { selector: (each) => each.id, minLength: 1, maxLength: 5 });

test('a configuration that certs init writes is read back as what it was written from', () => {
  const file = join(folder, 'node.yaml');
  fc.assert(
    fc.property(plans, (nodes) => {
      for (const node of nodes) {
        writeFileSync(file, nodeYaml(node, nodes));

        const config = readConfig({ file, workingFolder: '/' });

        const others = nodes.filter((each) => each !== node);
        expect(config.nodeId).toBe(node.id);
        expect(config.peers).toEqual(
          new Map(others.map((each) => [each.id, addressOf(each, each.peerListen)])),
        );
        expect(config.client.listen).toBe(node.clientListen);
        expect(config.peer.listen).toBe(node.peerListen);
        expect(config.nodeKey).toMatchObject(
          node.nodeKey ?? { kind: 'file', path: join(folder, 'node.key') },
        );
      }
    }),
  );
});
