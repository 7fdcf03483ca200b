/** A hand-off to a name that is not a member. */
import { expect, test } from 'vitest';
import { agent, handoff, run, until } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { answeringAgent, db } from './participants.ts';

const handsTo = (to: string) => ({ calls: [{ name: 'answer_handoff', input: { to, note: 'yours' } }] });

test('a hand-off to an unknown member is refused by its schema: the model is told the members, and decides again', async () => {
  const model = scriptedModel([handsTo('stranger'), { expect: /desk.*billing.*person/s, ...handsTo('billing') }]);
  const desk = agent({ name: 'desk', model });
  const support = handoff({
    name: 'support',
    members: [desk, answeringAgent('billing')],
    until: until.handedOff('person'),
  });
  expect(await run(support, 'Refund me.', db)).toMatchObject({ text: 'billing knows', by: 'billing' });
  model.assertDone();
});
