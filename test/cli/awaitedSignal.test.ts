/** A run that only a signal can move on is left as one that waits for a person, and the output says how to send it. */
import { expect, test } from 'vitest';
import { flow, openRuntime } from 'troupe';
import { troupeClient } from '../../src/client/index.ts';
import { followRun } from '../../src/cli/follow.ts';
import { exitCodes } from '../../src/cli/exit.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { fakeCli } from './fakeCli.ts';

const child = flow('child', async (ctx) => ctx.signal('the news'));
const subject = flow('listen', { uses: [child] }, async (ctx) => {
  const first = await ctx.signal('note');
  return [first, await ctx.run(child, null)];
});

test('a run that waits for a signal, of itself or of a child, ends the command with 3, and goes on when it has come', async () => {
  const [journal, clock] = [memory(), virtualClock()];
  const open = () => openRuntime({ journal, clock, env: {}, project: false, poll: 86_400_000 });
  const follow = async () => {
    const cli = fakeCli({ clock, open, isInteractive: true, cwd: '/' });
    await using runtime = await open();
    const begin = () => runtime.start(subject, null, { key: 'r' });
    const options = { db: 'kept.db', quiet: true, ask: true } as never;
    const code = await followRun(cli, runtime, { subject }, begin, options);
    return { code, text: cli.outputText() + cli.errorText() };
  };
  const send = async (name: string) => {
    await using runtime = await open();
    await using client = await troupeClient({ runtime });
    await client.executions.signal('r', name, name);
  };
  const first = await follow();
  expect(first.code).toBe(exitCodes.waiting);
  expect(first.text).toContain(
    'The run r waits for the signal "note".\n  troupe runs signal r note --db kept.db --value JSON',
  );
  expect(first.text).toContain('troupe runs resume r --db kept.db');
  await send('note');
  const second = await follow();
  expect(second.code).toBe(exitCodes.waiting);
  expect(second.text).toContain("troupe runs signal r 'the news' --db kept.db --value JSON");
  await send('the news');
  const last = await follow();
  expect(last).toMatchObject({ code: exitCodes.done });
  expect(last.text).toContain('the news');
});

test('a run that somebody has paused ends the command with 3, and says how to go on', async () => {
  const [journal, clock] = [memory(), virtualClock()];
  const napper = flow('napper', async (ctx) => ctx.sleep('1h'));
  const open = () => openRuntime({ journal, clock, env: {}, project: false, poll: 86_400_000 });
  const cli = fakeCli({ clock, open, cwd: '/' });
  await using runtime = await open();
  const begin = async () => {
    const handle = await runtime.start(napper, null, { key: 'r' });
    await runtime.signal(handle.root, { type: 'run.pause' });
    return handle;
  };
  const code = await followRun(cli, runtime, { subject: napper }, begin, { db: 'kept.db', quiet: true } as never);
  expect(code).toBe(exitCodes.waiting);
  const text = cli.outputText() + cli.errorText();
  expect(text).toMatch(/The run r is paused.*\nGo on with: troupe runs resume r --db kept.db/);
  expect(text).not.toContain('waits for a person');
});

test('a run that also waits for time is followed on', async () => {
  const race = flow('race', async (ctx) => Promise.race([ctx.signal('note'), ctx.sleep('1h').then(() => 'late')]));
  const clock = virtualClock();
  await using runtime = await openRuntime({ journal: memory(), clock, env: {}, project: false, poll: 86_400_000 });
  const handle = await runtime.start(race, null, { key: 'r' });
  const outcome = handle.outcome({ returnWhenWaiting: true });
  while (!handle.idle) await new Promise((next) => setTimeout(next, 5));
  clock.advance(3_600_001);
  expect(await outcome).toMatchObject({ status: 'done', output: 'late' });
});

test.each([
  ['--db memory', { db: 'memory' }, {}, true],
  ['--db memory beside a server of the environment', { db: 'memory' }, { TROUPE_NATS: 'nats://a' }, true],
  ['TROUPE_DB=memory', {}, { TROUPE_DB: 'memory' }, true],
  ['TROUPE_DB=memory beside a server', {}, { TROUPE_DB: 'memory', TROUPE_NATS: 'nats://a' }, false],
  ['TROUPE_DB=memory beside an option that names a server', { nats: 'nats://a' }, { TROUPE_DB: 'memory' }, false],
  ['a file', { db: 'kept.db' }, { TROUPE_DB: 'memory' }, false],
])('with %s a run that waits says whether it can be gone on with', async (_, where, env, isLost) => {
  const clock = virtualClock();
  await using runtime = await openRuntime({ journal: memory(), clock, env: {}, project: false, poll: 86_400_000 });
  const cli = fakeCli({ clock, env, cwd: '/' });
  const begin = () => runtime.start(child, null, { key: 'r' });
  await followRun(cli, runtime, { subject: child }, begin, { ...where, quiet: true, ask: false });
  expect(cli.errorText().includes('Its journal was in memory')).toBe(isLost);
  expect(cli.errorText().includes('troupe runs')).toBe(!isLost);
});
