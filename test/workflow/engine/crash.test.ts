/** A workflow is killed at every point: it ends as if nothing had happened, and nothing is performed twice (E5). */
import { expect, test } from 'vitest';
import { crashEverywhere, expectSurvival } from 'troupe/testing';
import { dose } from '../../dose.ts';
import { limits } from '../../limits.ts';
import { story } from './story.ts';
import { definitionOf, runnable } from './world.ts';

test(
  'a workflow with every kind of step has the same result after a crash at any point, and performs nothing twice',
  async () => {
    const report = expectSurvival(
      await crashEverywhere(
        (clock) => {
          const { outside, ...scenario } = story(
            () => new Promise((done) => void clock.wake(clock.now() + 60_000, () => done())),
          );
          return { ...scenario, world: outside };
        },
        dose<{ sample?: number }>({ sample: 40 }, {}),
      ),
    );
    expect(report.points).toBeGreaterThan(30);
  },
  limits.long,
);

const twoLists = await definitionOf({
  'workflows/w.workflow.yaml': `
kind: workflow
pipeline:
  - {id: one, webhook: {url: "http://desk/one", body: {of: item}}, for_each: {from: "params.list", concurrency: 1}}
  - {id: two, webhook: {url: "http://desk/two", body: {of: item}}, for_each: {from: "params.list", concurrency: 1}}
output: {map: {one: "{{ step.one.results }}", two: "{{ step.two.results }}"}}
`,
});

test('two steps that send webhooks for the same list at once are not taken for each other, before and after a crash', async () => {
  expectSurvival(
    await crashEverywhere(() => {
      const { subject, world } = runnable(twoLists, {
        receive: ({ url }) => (String(url).endsWith('one') ? 200 : 201),
      });
      return {
        subject,
        input: { list: ['a', 'b', 'c'] },
        world: () => [[...world.received.keys()].sort(), [...world.received.values()].length],
      };
    }),
  );
  const { world } = runnable(twoLists);
  expect(world.received.size).toBe(0);
});
