/** What was to be over by a time is over by then, also when nobody was there at that time: what is said later does not change it. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, tool, type Runtime } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { virtualClock, type VirtualClock } from '../../src/testing/clock.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { journals, type JournalKind } from '../engine/journals.ts';

const second = 1_000;

function clerk() {
  const made: string[] = [];
  const order = tool({
    name: 'order',
    description: 'Orders.',
    effect: 'write',
    approval: true,
    input: z.object({ what: z.string() }),
    output: z.null(),
    run: ({ what }) => (made.push(what), null),
  });
  const model = scriptedModel([{ calls: [{ name: 'order', input: { what: 'tea' } }] }, { text: 'That is all.' }]);
  const subject = () =>
    agent({
      name: 'clerk',
      tools: [order],
      limits: { approvalDeadline: 4 * second },
      model,
    });
  return { made, subject };
}

/** A run that asked, and whose process is gone. */
async function asked(kind: JournalKind, deadline?: number) {
  const clock = virtualClock();
  const journal = await journals[kind](clock);
  const { made, subject } = clerk();
  const runtime = await openRuntime({ journal, clock, env: {} });
  const run = await runtime.start(subject(), 'Order tea.', {
    key: 'k',
    ...(deadline === undefined ? {} : { deadline }),
  });
  const outcome = await run.outcome({ returnWhenWaiting: true });
  if (outcome.status !== 'waiting') throw new Error(`It does not wait: ${JSON.stringify(outcome)}`);
  await runtime.close();
  const { id, deadline: until } = outcome.tickets[0]!;
  return { clock, journal, made, subject, ticket: id, until };
}

const later = (journal: Journal, clock: VirtualClock): Promise<Runtime> => openRuntime({ journal, clock, env: {} });

describe.each(Object.keys(journals) as JournalKind[])('%s', (kind) => {
  test('an approval that is given after its deadline is refused as expired, and the call is not made', async () => {
    const { clock, journal, made, subject, ticket } = await asked(kind);
    clock.advance(15 * second);
    await using runtime = await later(journal, clock);
    expect(await runtime.tickets()).toEqual([]);
    await expect(runtime.answer(ticket, { approved: true }, 'ann')).rejects.toMatchObject({ kind: 'expired' });
    await expect(runtime.abort(ticket, 'not today', 'ann')).rejects.toMatchObject({ kind: 'expired' });
    const run = await runtime.resume('k', subject());
    expect(await run.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'done', output: 'That is all.' });
    expect(made).toEqual([]);
  });

  test('at its very deadline an approval is too late, a millisecond before it is in time', async () => {
    const { clock, journal, ticket, until } = await asked(kind);
    clock.advance(until - clock.now());
    await using runtime = await later(journal, clock);
    expect(await runtime.tickets()).toEqual([]);
    await expect(runtime.answer(ticket, { approved: true }, 'ann')).rejects.toMatchObject({ kind: 'expired' });
    const other = await asked(kind);
    other.clock.advance(other.until - other.clock.now() - 1);
    await using early = await later(other.journal, other.clock);
    expect(await early.tickets()).toHaveLength(1);
    await early.answer(other.ticket, { approved: true }, 'ann');
  });

  test('an approval that was given in time holds, however late the run goes on', async () => {
    const { clock, journal, made, subject, ticket } = await asked(kind);
    clock.advance(2 * second);
    await (await later(journal, clock)).answer(ticket, { approved: true }, 'ann');
    clock.advance(60 * second);
    await using runtime = await later(journal, clock);
    expect(await runtime.tickets()).toMatchObject([{ id: ticket, answered: true }]);
    await expect(runtime.answer(ticket, { approved: false }, 'bob')).rejects.toMatchObject({ kind: 'conflict' });
    const run = await runtime.resume('k', subject());
    expect(await run.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'done' });
    expect(made).toEqual(['tea']);
  });

  test.each([
    ['that came before the one of its approval', 3 * second],
    ['that came after the one of its approval', 9 * second],
  ])('a run ends by its deadline %s', async (_, deadline) => {
    const { clock, journal, made, subject } = await asked(kind, deadline);
    clock.advance(15 * second);
    await using runtime = await later(journal, clock);
    const run = await runtime.resume('k', subject());
    expect(await run.outcome({ returnWhenWaiting: true })).toMatchObject({
      status: 'failed',
      failure: { kind: 'expired' },
    });
    expect(made).toEqual([]);
  });

  test.each([
    ['holds, also when it was not looked for before the deadline', 'answer', ['tea'], undefined],
    ['holds, also when the run is to end at the same time', 'answer', undefined, 4 * second],
    ['is a withdrawal, which holds as well', 'abort', [], undefined],
  ] as const)(
    'what a person says just before the deadline, while another process has the run, %s',
    async (_, way, calls, deadline) => {
      const clock = virtualClock();
      const journal = await journals[kind](clock);
      const { made, subject } = clerk();
      await using owner = await openRuntime({ journal, clock, env: {}, poll: 60 * second });
      const run = await owner.start(subject(), 'Order tea.', {
        key: 'k',
        ...(deadline === undefined ? {} : { deadline }),
      });
      const waiting = await run.outcome({ returnWhenWaiting: true });
      if (waiting.status !== 'waiting') throw new Error('It does not wait.');
      const { id } = waiting.tickets[0]!;
      await using other = await later(journal, clock);
      clock.advance(4 * second - 100);
      await (way === 'answer' ? other.answer(id, { approved: true }, 'ann') : other.abort(id, 'not today', 'ann'));
      clock.advance(100);
      await run.outcome();
      const [ticket] = await journal.find({ type: 'wait', run: 'k' });
      expect(ticket?.state).toBe(way === 'answer' ? 'answered' : 'aborted');
      if (calls) expect(made).toEqual(calls);
    },
  );

  test('what was left after the deadline does not hold, although the process that has the run wakes up late', async () => {
    const inner = virtualClock();
    let asleep = 0;
    const clock = { ...inner, now: () => inner.now() + asleep };
    const journal = await journals[kind](inner);
    const { made, subject } = clerk();
    await using owner = await openRuntime({ journal, clock, env: {}, poll: 60 * second });
    const run = await owner.start(subject(), 'Order tea.', { key: 'k' });
    const waiting = await run.outcome({ returnWhenWaiting: true });
    if (waiting.status !== 'waiting') throw new Error('It does not wait.');
    const to = waiting.tickets[0]!.id;
    asleep = 4 * second + 50;
    const body = { type: 'wait.answer', answer: { approved: true }, by: 'ann' };
    await journal.post({
      id: `${to}/answer`,
      type: body.type,
      body,
      from: 'person/ann',
      to,
      run: 'k',
      kind: 'signal',
      posted: clock.now(),
    });
    await owner.signal(run.root, { type: 'agent.pause' }).catch(() => {}); // Makes it look at its inbox.
    inner.advance(60 * second);
    await expect.poll(async () => (await journal.find({ type: 'wait', run: 'k' }))[0]?.state).toBe('expired');
    expect(made).toEqual([]);
  });
});
