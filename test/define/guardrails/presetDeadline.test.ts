/** A preset has a deadline of an hour by default. Guardrails of time in front of it look at deadlines that a definition asks for. */
import { expect, test } from 'vitest';
import { agent, guarded, guardrails, pipeline, type Duration, type Runnable } from 'troupe';
import { scriptedModel, scriptedTool, testRuntime } from 'troupe/testing';

const clerk = agent({ name: 'clerk', model: scriptedModel(() => ({ text: 'done' })) });
const wait = scriptedTool({ name: 'wait', timeout: '1h' }, () => ({ output: null, takes: '30m' }));
const slow = agent({
  name: 'slow',
  tools: [wait],
  model: scriptedModel(({ messages }) =>
    messages.length === 1 ? { calls: [{ name: 'wait', input: {} }] } : { text: 'done' },
  ),
});
const line = (member: typeof clerk, deadline?: Duration) =>
  pipeline({ name: 'line', stages: [member], ...(deadline === undefined ? {} : { deadline }) });

async function outcomeOf(subject: Runnable) {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, 'Go.' as never);
  await runtime.advance('2h');
  return run.outcome();
}
const places: [string, (subject: ReturnType<typeof guarded>) => Runnable][] = [
  ['run by itself', (subject) => subject as never],
  ['as a member', (subject) => pipeline({ name: 'house', stages: [subject as never] })],
];

test.each(places)(
  'a preset without a deadline, %s, works under a timeout shorter than its default',
  async (_, place) => {
    const limited = (subject: ReturnType<typeof line>) =>
      guarded(subject, [guardrails.timeout({ max: '2m' })]) as never;
    expect(await outcomeOf(place(limited(line(clerk))))).toMatchObject({ status: 'done', output: 'done' });
    expect(await outcomeOf(place(limited(line(slow))))).toMatchObject({
      status: 'failed',
      failure: { kind: 'timeout' },
    });
    expect(await outcomeOf(place(limited(line(clerk, '1h'))))).toMatchObject({ status: 'failed' });
  },
);

test.each(places)('a preset without a deadline, %s, names none where one is required', async (_, place) => {
  const strict = guardrails.timeout({ max: '2h', requireExplicit: true });
  expect(await outcomeOf(place(guarded(line(clerk), [strict]) as never))).toMatchObject({ status: 'failed' });
  expect(await outcomeOf(place(guarded(line(clerk, '1h'), [strict]) as never))).toMatchObject({ status: 'done' });
});
