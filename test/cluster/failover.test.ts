/** Two processes, one server, one run: the owner is killed with SIGKILL, and the other process continues the run. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../built.ts';
import { workspace } from '../cli/troupe.ts';
import { natsServer } from '../nats/server.ts';

const countsIn = (folder: string) => {
  const file = join(folder, 'world.txt');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
};

test('when the owner of a run is killed, a process that waits for its result continues it without repeating stored results', async () => {
  await using server = await natsServer();
  using at = workspace();
  const file = built('test/cluster/fixtures/worker.ts');
  const args = ['run', file, '--input', '"Count."', '--key', 'job', '--nats', server.url];
  const first = at.start(...args);
  await expect.poll(() => countsIn(at.folder)).toEqual([1, 2, 3]);
  const second = at.start(...args);
  await second.until(/another process|waits|waiting/i);
  first.process.kill('SIGKILL');
  at.file('go', '');
  const { code, out, err } = await second.ended;
  expect({ code, out }, err).toEqual({ code: 0, out: expect.stringContaining('All counted.') as string });
  // Only the call that was under way when the process died is made twice.
  expect(countsIn(at.folder)).toEqual([1, 2, 3, 3, 4, 5]);
  const listed = await at.troupe('runs', 'list', '--json', '--nats', server.url);
  expect(JSON.parse(listed.out)).toMatchObject([{ run: 'job', status: 'done' }]);
});
