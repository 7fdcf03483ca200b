/** An agent with a leased budget: it requests more before it spends it, and takes only the answer to its own request. */
import { expect, test } from 'vitest';
import { agentWith } from '../../../machines/agent/agent.ts';
import { playStart, playNext } from '../../../src/testing/play.ts';
import { call, calls, fault, toolReturns, settings, task } from '../effectResults.ts';

const leasing = () => {
  const machine = agentWith(settings({ budget: { steps: 5 } }));
  const begun = playStart(machine, { ...task, lease: 'lease/0.0', allowance: { steps: 1 } });
  const send = (event: { type: string }, played = asking) => playNext(machine, played, event);
  const asking = [calls(call('read')), toolReturns(0)].reduce(
    (played, event) => playNext(machine, played, event),
    begun,
  );
  return { asking, send };
};
const state = ({ snapshot }: ReturnType<typeof playStart>) => JSON.stringify(snapshot.value);

test('the agent requests budget before it spends it, and continues with what it is granted', () => {
  const { asking, send } = leasing();
  expect(state(asking)).toContain('leasing');
  expect(asking.actions.at(-1)?.params).toMatchObject({
    event: { type: 'treasury.lease', id: 'lease/0.0', wants: { steps: 2 }, used: { steps: 1 } },
  });
  expect(state(send({ type: 'treasury.granted', id: 'lease/0.0', budget: { steps: 3 } } as never))).toContain(
    'thinking',
  );
});

test('a refusal ends the agent with the failure of the lender', () => {
  const { send } = leasing();
  const refused = send({ type: 'treasury.refused', id: 'lease/0.0', failure: fault('budget') } as never);
  expect(refused.snapshot.output).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
});

test('an answer about another lease is ignored', () => {
  const { send } = leasing();
  expect(state(send({ type: 'treasury.granted', id: 'lease/9.9', budget: { steps: 3 } } as never))).toContain(
    'leasing',
  );
  expect(state(send({ type: 'treasury.refused', id: 'lease/9.9', failure: fault('budget') } as never))).toContain(
    'leasing',
  );
});
