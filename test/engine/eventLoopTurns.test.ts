/** Steps that wait for a turn of the event loop: how many of them go on in one. */
import { expect, test } from 'vitest';
import { eventLoopTurns } from '../../src/engine/eventLoopTurns.ts';

/** So many steps that wait, each of which takes so many milliseconds: how many of them went on in each turn of the event loop. */
async function turnsOf(steps: number, milliseconds: number): Promise<number[]> {
  let time = 0;
  let went = 0;
  const turn = eventLoopTurns(() => time);
  time += 1_000;
  const waiting = Array.from({ length: steps }, async () => {
    await turn();
    went++;
    time += milliseconds;
  });
  const each: number[] = [];
  while (each.reduce((sum, n) => sum + n, 0) < steps) {
    went = 0;
    await new Promise((resolve) => setImmediate(resolve));
    each.push(went);
  }
  await Promise.all(waiting);
  return each;
}

test('steps that take long go on one in a turn of the event loop', async () => {
  const each = await turnsOf(50, 6);
  expect(Math.max(...each)).toBe(1);
});

test('steps that take next to nothing go on together: a thousand of them do not take a thousand turns', async () => {
  const each = await turnsOf(1_000, 0.001);
  expect(each.length).toBeLessThan(50);
});

test('no turn is given more than some milliseconds of steps', async () => {
  const each = await turnsOf(1_000, 0.5);
  expect(Math.max(...each) * 0.5).toBeLessThanOrEqual(5);
});

test('steps that become slow get a smaller share, also where all that wait fit into the one before', async () => {
  let time = 1_000;
  let went = 0;
  const end = new AbortController();
  const turn = eventLoopTurns(() => time);
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
  time += 1_000;
  await Promise.all(Array.from({ length: 1_000 }, async () => turn()));
  time += 1_000;
  const actors = Array.from({ length: 40 }, async () => {
    while (!end.signal.aborted) {
      await turn();
      went++;
      time += 20;
    }
  });
  for (let n = 0; n < 20; n++) await nextTurn();
  went = 0;
  await nextTurn();
  const inOneTurn = went;
  end.abort();
  await Promise.all(actors);
  expect(inOneTurn).toBe(1);
});
