/** Whoever reads a shared journal while other processes change it is told what was or what is, and never of damage. */
import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../src/journal/shared/shared.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { claimOptions, cutOff, sharedWorld } from './faults.ts';
import { begin, reads, watched, writings } from './readings.ts';

/** A reader before whose request number `at` the writer writes. `knows`: it has read the run before. */
async function readWhile(read: string, writing: string, at: number, knows: boolean) {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const open = () => shared({ store: store.open(), clock });
  const writers = { owner: open(), heir: open() };
  await begin(writers, 'r');
  await begin(writers, 'other');
  const asked = async (journal = open()) => reads[read]?.(journal, 'r');
  const possible: unknown[] = [];
  const tell = async () => void possible.push(await asked());
  let requests = 0;
  let isReading = false;
  const reader = shared({
    store: watched(store.open(), async () => {
      if (!isReading || ++requests !== at) return;
      await writings[writing]?.(writers, 'r', tell);
      await tell();
    }),
    clock,
  });
  if (knows) await asked(reader);
  await tell();
  isReading = true;
  const answer = await asked(reader).catch((thrown: unknown) => String(thrown));
  return { answer, isOver: requests < at, possible };
}

describe.each(Object.keys(writings))('another process %s', (writing) => {
  test.each(Object.keys(reads).flatMap((read) => [false, true].map((knows) => [read, knows] as const)))(
    '%s meanwhile, by a reader that has read before: %s',
    async (read, knows) => {
      let at = 1;
      for (; at < 200; at++) {
        const { answer, isOver, possible } = await readWhile(read, writing, at, knows);
        if (isOver) break;
        expect(possible, `before request ${at}`).toContainEqual(answer);
      }
      expect(at).toBeGreaterThan(1);
    },
  );
});

test('a process that was cut off reads and writes a run that another one has taken over, ended and deleted: it is told that it has lost it', async () => {
  await using world = sharedWorld({ quietTime: 1_000 });
  const { other, open, advance, truth } = world;
  const cut = open({ presence: cutOff(truth.open().presence) });
  const step = (seq: number, over = {}) => commitFor({ run: 'r', actor: 'agent/r', seq, ...over });
  for (const attempt of ['load', 'commit']) {
    await cut.claim('r', 'cut', claimOptions);
    await cut.commit(step(1));
    await advance(5_000); // It is quiet, so it is read again when it is needed.
    const epoch = await other.claim('r', 'heir', { ...claimOptions, alive: () => false });
    await other.commit(step(2, { epoch, status: 'done' }));
    await other.release('r', epoch);
    expect(await other.prune(Infinity)).toBe(1);
    if (attempt === 'load') expect(await cut.load('agent/r')).toBeUndefined();
    else await expect(cut.commit(step(2))).rejects.toMatchObject({ kind: 'fenced' });
  }
});
