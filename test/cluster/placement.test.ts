/** What a node decides in its rounds, where another one does not answer. */
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import type { ClusterMembership } from '../../src/cluster/membership.ts';
import { Placement } from '../../src/cluster/placement.ts';
import type { NodeRuns } from '../../src/cluster/runs.ts';
import type { Journal, RunLease } from '../../src/journal/journal.ts';
import { settle } from '../engine/testProcess.ts';

test('a handover to a node that has just died keeps no free run waiting', async () => {
  const clock = virtualClock();
  const offers = [{ name: 'desk', kind: 'agent', hash: 'h' }];
  const [own, dead] = ['own', 'dead'].map((name) => ({ name, owner: name, weight: 1, full: false, offers }));
  let members = [own];
  let free: RunLease[] = [];
  const taken: string[] = [];
  const handedOver: string[] = [];
  const runs = {
    unfit: new Set(),
    all: new Map(Array.from({ length: 9 }, (_, n) => [`r${n}`, { handle: { idle: true }, name: 'desk' }])),
    keepUnfit() {},
    placeAgain() {},
    nextUnplaced: () => [...runs.all.keys()],
    isSettled: (run: string) => taken.includes(run),
    offeredFor: async () => ({ name: 'desk', args: undefined, version: 'h' }),
    take: async (run: string) => void taken.push(run),
  };
  const placement = new Placement({
    name: 'own',
    clock,
    // What a round asks of them.
    journal: { claims: async () => free } as unknown as Journal,
    membership: {
      get members() {
        return members;
      },
    } as unknown as ClusterMembership,
    runs: runs as unknown as NodeRuns,
    isFull: () => false,
    handOver: (run) => {
      handedOver.push(run);
      return new Promise(() => {});
    },
  });
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) {
      placement.round();
      clock.advance(500);
      await settle();
    }
  };
  members = [own, dead];
  await rounds(14); // The nodes must have been the same for some time.
  expect(handedOver).toHaveLength(1);
  free = [{ run: 'left', owner: 'dead', epoch: 1, until: 0 }];
  await rounds(2);
  expect(taken).toEqual(['left']);
});
