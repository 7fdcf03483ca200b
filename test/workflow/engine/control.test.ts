/** A workflow is paused, resumed and cancelled at every moment of its way. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import type { StepRecord } from '../../../src/contracts/workflow/step.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';
import { dose } from '../../dose.ts';
import { limits } from '../../limits.ts';
import { story } from './story.ts';
import { definitionOf, outputIn, runnable, type Happened } from './world.ts';

await loadLanguage();

/** Within these milliseconds all of it happens. */
const horizon = 12_000;
const count = dose(20, 240);
const moments = Array.from({ length: count }, (_, nth) => Math.round((nth * horizon) / count) + 1);

/** What was received, without what its sender did not wait for. */
const inTime = ({ received }: Happened) =>
  [...received.values()].filter((body) => JSON.stringify(body) !== '{}').length;

/** Every call outside takes a second, so that there is a moment in each of them. People answer within two. */
async function started() {
  const journal = memory();
  const runtime = await testRuntime({ journal });
  const { clock } = runtime;
  const wait = (ms: number) => new Promise<void>((done) => void clock.wake(clock.now() + ms, () => done()));
  const { subject, input, world, answer } = story(
    () => wait(60_000),
    () => wait(1_000),
  );
  const handle = await runtime.start(subject, input);
  const rows = () => journal.find({ run: handle.id });
  const isOver = async () => (await rows()).every(({ status }) => status !== 'active');
  const pass = async (until: number) => {
    const end = clock.now() + until;
    while (clock.now() < end && !(await isOver())) {
      await runtime.advance(Math.min(2_000, end - clock.now()));
      for (const ticket of await runtime.tickets()) await runtime.answer(ticket.id, answer(ticket));
    }
  };
  return {
    runtime,
    handle,
    world,
    pass,
    signal: (type: string, more: { reason?: string } = {}) => runtime.signal(handle.root, { type, ...more }),
    rows,
    isOver,
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

test(
  'a cancel at any moment ends the workflow and all that it has begun, and nothing happens afterwards',
  async () => {
    const places = new Set<string>();
    for (const moment of moments) {
      await using run = await started();
      await run.pass(moment);
      if (await run.isOver()) break;
      for (const { type, state, status } of await run.rows()) if (status === 'active') places.add(`${type} ${state}`);
      await run.signal('run.cancel', { reason: 'enough' });
      await run.pass(15_000);
      expect(await run.handle.outcome()).toMatchObject({ status: 'cancelled' });
      const active = (await run.rows()).filter(({ status }) => status === 'active');
      expect(active.map(({ actor, state }) => `${moment}: ${actor} ${state}`)).toEqual([]);
      const { asked, sent, notes } = structuredClone({ ...run.world, notes: run.world.notes.length });
      await run.runtime.advance('2h');
      expect([run.world.asked, run.world.sent, run.world.notes.length]).toEqual([asked, sent, notes]);
    }
    // Agents, their calls and tickets, items and sub-workflows were all among what was cancelled.
    expect(new Set([...places].map((place) => place.split(' ')[0])).size).toBeGreaterThan(4);
  },
  limits.long,
);

test(
  'a pause at any moment begins nothing more, and the workflow that is resumed ends as one that was not',
  async () => {
    await using undisturbed = await started();
    await undisturbed.pass(120_000);
    const expected = outputIn(await undisturbed.handle.outcome());
    for (const moment of moments) {
      await using run = await started();
      await run.pass(moment);
      if (await run.isOver()) break;
      await run.signal('run.pause');
      // What was under way may end.
      await run.pass(70_000);
      const { asked, sent } = { ...run.world };
      await run.pass(600_000);
      expect([moment, run.world.asked, run.world.sent]).toEqual([moment, asked, sent]);
      await run.signal('run.resume');
      await run.pass(200_000);
      expect([moment, outputIn(await run.handle.outcome())]).toEqual([moment, expected]);
      expect(run.world.notes).toEqual(undisturbed.world.notes);
      expect(inTime(run.world)).toEqual(inTime(undisturbed.world));
    }
  },
  limits.long,
);

test.each([
  ['a webhook', '', '', 'never'],
  ['a webhook between two attempts', ', retry: {max: 5, backoff: 1h}', '', 'busy'],
  ['items that are webhooks', '', ', for_each: {from: "`[1, 2]`"}', 'never'],
  ['an agent', '', '', 'agent'],
])('%s that is under way when its run is cancelled is shown as stopped', async (_, retry, each, how) => {
  const hook = `webhook: {url: "https://x.example", timeout: 2h}`;
  const definition = await definitionOf({
    'workflows/w.workflow.yaml': `pipeline:\n  - {id: s, ${how === 'agent' ? 'agent: agents/a.agent.yaml' : hook}${retry}${each}}\n`,
    'agents/a.agent.yaml': 'model: m\nprompt: {system: You act.}\noutput: {schema: {type: object}}\n',
  });
  const never = () => new Promise<never>(() => {});
  const { subject } = runnable(definition, { model: never, receive: how === 'busy' ? () => 503 : never });
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const handle = await runtime.start(subject, {});
  await runtime.advance('1m');
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'No need.' });
  await runtime.advance('1m');
  // The workflow writes only records to this list.
  const records = (await journal.list(handle.root, 'records')) as unknown as readonly StepRecord[];
  expect(records).toMatchObject([
    {
      id: 's',
      end: { status: 'failed', code: 'cancelled', failure: { kind: 'cancelled', message: 'No need.' } },
    },
  ]);
});
