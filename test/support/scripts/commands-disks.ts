import { ClusterError } from '../../../src/common/index.js';
import type { RoomLevel } from '../../../src/ports/index.js';
import { entriesAfter } from '../clusters/raft-cluster.js';
import type { Node } from '../clusters/raft-cluster.js';
import { placeOf } from './filter.js';
import type { Command, Stage } from './stage.js';
import { numberOf } from './words.js';

const ROOMS: readonly RoomLevel[] = ['enough', 'low', 'none'];

function restart(stage: Stage, node: Node): void {
  stage.forget(node);
  try {
    stage.cluster.restart(node);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    stage.tell(`${numberOf(node.id)} does not start: ${error.code} ${error.reason}`);
  }
}

function requireDown({ up, id }: Node): void {
  if (up) throw new Error(`the disk of ${id} is changed while it runs`);
}

/** What a script can do to disks, and with the state at a checkpoint. */
export const disksAndSnapshots: Readonly<Record<string, Command>> = {
  crash: (stage, { plain }) => {
    for (const name of plain) stage.cluster.crash(stage.node(name));
  },
  restart: (stage, { plain }) => {
    for (const name of plain) restart(stage, stage.node(name));
  },
  'slow-disk': (stage, { plain }) => {
    for (const name of plain) stage.node(name).slowDisk = true;
  },
  'quick-disk': (stage, { plain }) => {
    for (const name of plain) stage.node(name).slowDisk = false;
  },
  'finish-write': (stage, { plain: [name = ''] }) => {
    const node = stage.node(name);
    if (node.writing === undefined) throw new Error(`${name} writes nothing`);
    stage.cluster.finishWrite(node);
  },
  room: (stage, { plain: [name = '', level = ''] }) => {
    const room = ROOMS.find((each) => each === level);
    if (room === undefined) throw new Error(`${level} is no level of room`);
    stage.node(name).raft.setRoom(room);
  },
  disk: (stage, words) => {
    const node = stage.node(words.plain[0] ?? '');
    requireDown(node);
    const { disk } = node;
    const [genesis] = disk.entries;
    const terms = words.get('terms')?.split(',').map(Number);
    if (terms !== undefined && genesis !== undefined) {
      const each = terms.slice(1).map((term) => ({ term, text: `of-term-${term}` }));
      disk.entries = [genesis, ...entriesAfter(genesis, ...each)];
    }
    const { term, votedFor } = disk.hardState;
    const vote = words.get('vote');
    const voted = vote === undefined ? votedFor : stage.cluster.nodes[Number(vote) - 1]?.id;
    disk.hardState = { term: words.number('term', term), votedFor: voted };
    disk.applied = words.number('applied', disk.applied);
  },
  damage: (stage, { plain: [name = '', index = ''] }) => {
    const node = stage.node(name);
    requireDown(node);
    const entry = node.disk.entries[Number(index) - 1];
    if (entry === undefined) throw new Error(`there is no entry ${index}`);
    const payload = Uint8Array.from(entry.payload);
    payload[0] = (payload[0] ?? 0) ^ 1;
    node.disk.entries[Number(index) - 1] = { ...entry, payload };
  },

  certify: (stage, { plain: [names = '', index = ''] }) => {
    for (const name of names.split(',')) stage.node(name).raft.certified(Number(index));
    stage.cluster.pump();
  },
  lacking: (stage, { plain: [name = ''] }) => {
    const lacking = stage.node(name).raft.lacking.map(numberOf);
    stage.tell(lacking.length === 0 ? 'nobody' : lacking.join(', '));
  },
  snapshot: (stage, { plain: [way = '', index = ''] }) => {
    const [from = '', to = ''] = way.split('->');
    const [giver, taker] = [stage.node(from), stage.node(to)];
    const place = giver.disk.entries[Number(index) - 1];
    if (place === undefined) throw new Error(`${from} has no entry ${index}`);
    const where = `the state behind ${place.index}/${place.term}`;
    if (!taker.raft.lacks(place)) {
      stage.tell(`${to} has no use for ${where}`);
      return;
    }
    const { hardState, front } = taker.raft.behind(place);
    stage.cluster.crash(taker);
    const entries = giver.disk.entries.slice(0, place.index);
    Object.assign(taker.disk, { hardState, front, entries, applied: place.index });
    taker.applied.splice(0, taker.applied.length, ...entries);
    restart(stage, taker);
    stage.tell(`${to} takes ${where}, and starts from it`);
  },
  'snapshot-held': (stage, { plain: [name = '', peer = '', place = ''] }) => {
    stage.node(name).raft.snapshotHeld(stage.node(peer).id, placeOf(place).index);
    stage.cluster.pump();
  },
};
