/** `troupe run --key` while the run cannot begin: the person reads why it waits. */
import { expect, test } from 'vitest';
import { flow, TroupeError } from 'troupe';
import { startAndFollow } from '../../src/cli/startRun.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { fakeCli, fakeRuntime } from './fakeCli.ts';

test.each([
  [
    'the disk is full',
    new TroupeError('storage', 'The journal j.db has no room: the disk is full.'),
    /cannot begin yet: The journal j\.db has no room/,
  ],
  ['another process has it', new TroupeError('owned_elsewhere', 'Held.'), /Another process is at work on the run k/],
])('a run that cannot begin because %s says so while it is tried again', async (_, thrown, says) => {
  const clock = virtualClock();
  const cli = fakeCli({ clock });
  const ended = new TroupeError('conflict', 'That is enough.');
  const refusals = [thrown, thrown, ended];
  const start = () => Promise.reject(refusals.shift()!);
  // Only what begins a run is asked for.
  const runtime = { ...fakeRuntime().runtime, start } as unknown as Runtime;
  const subject = flow('greet', async () => null);
  const options = { quiet: true, ask: false };
  const run = startAndFollow(cli, runtime, { loaded: { subject } as never, input: null, start: { key: 'k' } }, options);
  const code = run.catch((failure: unknown) => failure);
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    clock.advance(250);
  }
  expect(await code).toBe(ended);
  expect(cli.errorText()).toMatch(says);
  expect(cli.errorText().trim().split('\n')).toHaveLength(1);
});
