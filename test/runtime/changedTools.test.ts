/** A run goes on after a restart with a definition that has other tools. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, tool, type Tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';

const named = (name: string) =>
  tool({ name, description: 'Looks.', approval: true, input: z.object({}), output: z.string(), run: () => 'seen' });

test.each<[string, Tool[]]>([
  ['has another name', [named('glance')]],
  ['was the only one, and is gone', []],
])('the model is told when a tool that a person allows %s', async (_, tools) => {
  const model = scriptedModel([
    { calls: [{ name: 'look', input: {} }] },
    { expect: /There is no tool "look"/, text: 'I cannot look.' },
  ]);
  const clerk = (tools: Tool[]) => agent({ name: 'clerk', model, tools });
  const journal = memory();
  const first = await openRuntime({ journal });
  const begun = await first.start(clerk([named('look')]), 'Go.', { key: 'k' });
  await begun.outcome({ returnWhenWaiting: true });
  await first.close();

  await using second = await openRuntime({ journal });
  const resumed = await second.resume('k', clerk(tools));
  const [ticket] = await second.tickets('k');
  await second.answer(ticket!.id, { approved: true }, 'Ada');
  expect(await resumed.outcome()).toMatchObject({ status: 'done', output: 'I cannot look.' });
  model.assertDone();
});
