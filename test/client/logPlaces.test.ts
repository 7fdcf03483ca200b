/** The places of the lines of a log: fixed once they are given, whatever happens afterwards. */
import { expect, test } from 'vitest';
import { openRuntime } from '../../src/index.ts';
import { troupeClient, type LogEntry } from '../../src/client/index.ts';
import { flowsOver } from './flows.ts';
import { besideIt } from './worlds.ts';

test('a log only grows: what was given before is the beginning of what is given later, also after a failure and a retry', async () => {
  await using world = await besideIt();
  const { executions } = world.client;
  world.outside.isBroken = true;
  const readings: (readonly LogEntry[])[] = [];
  await world.begin('build');
  readings.push(await executions.logs('r'));
  world.outside.isBroken = false;
  await executions.retry('r');
  readings.push(await executions.logs('r'));
  await expect.poll(async () => (await executions.get('r')).status).toBe('completed');
  readings.push(await executions.logs('r'));
  const last = readings.at(-1)!;
  // The end that was retried is told without its reason later: its line, and its place, stay.
  const placesOf = (lines: readonly LogEntry[]) => lines.map(({ seq, timestamp, source }) => [seq, timestamp, source]);
  for (const reading of readings) expect(placesOf(last).slice(0, reading.length)).toEqual(placesOf(reading));
  expect(last.length).toBeGreaterThan(readings[0]!.length);
  const places = last.map(({ seq }) => seq);
  expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
});

test('a log in memory has its lines at fixed places as well', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const flows = flowsOver({ done: [], isBroken: false });
  const client = await troupeClient({ runtime });
  const handle = await runtime.start(flows['publish']!, { topic: 'x' }, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  const before = await client.executions.logs('r');
  await client.executions.input('r', { value: { ok: true } });
  await handle.outcome();
  const after = await client.executions.logs('r', { after: before.at(-1)!.seq });
  expect([...before, ...after]).toEqual(await client.executions.logs('r'));
});
