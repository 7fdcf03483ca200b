/** A fan-out over very many items is killed on its way: only items that were not finished are done again. */
import { expect, test } from 'vitest';
import { crashEverywhere, expectSurvival } from 'troupe/testing';
import type { VirtualClock } from 'troupe/testing';
import { dose } from '../../dose.ts';
import { limits } from '../../limits.ts';
import { definitionOf, lastOf, runnable, says, type Happened } from './world.ts';

const width = 4;
const total = dose(200, 1_000);
const list = Array.from({ length: total }, (_, n) => `item ${n}`);

const over = (step: string) =>
  definitionOf({
    'workflows/w.workflow.yaml': `
kind: workflow
pipeline:
  - {id: each, ${step}, for_each: {from: "params.list", concurrency: ${width}}}
output: {map: {results: "{{ step.each.results }}"}}
`,
    'agents/writer.agent.yaml': `
name: writer
model: standard
params: {schema: {type: object, properties: {item: {type: string}}}}
prompt: {system: You write., user: "{{ params.item }}"}
output: {schema: {type: object}}
`,
  });

/** Every call outside takes a second. */
const second = (clock: VirtualClock) => new Promise<void>((done) => void clock.wake(clock.now() + 1_000, () => done()));

test.each([
  ['agents', await over('agent: agents/writer.agent.yaml, params: {item: "{{ item }}"}')],
  ['webhooks', await over('webhook: {url: "http://desk/", body: {of: item}}')],
])(
  'a crash in the middle of very many items that are %s repeats none that was finished',
  async (_, definition) => {
    const worlds: Happened[] = [];
    const { crashes } = expectSurvival(
      await crashEverywhere(
        (clock) => {
          const { subject, world } = runnable(definition, {
            model: async (request) => (await second(clock), says({ text: lastOf(request) })),
            receive: async () => (await second(clock), 200),
          });
          worlds.push(world);
          return { subject, input: { list }, world: () => world.received.size };
        },
        { sample: 2, seed: 7 },
      ),
    );
    const calls = worlds.map(({ asked, sent }) => asked + sent);
    expect(calls).toHaveLength(2 + crashes);
    // At most those that were under way, and those whose end was not stored yet.
    for (const count of calls) expect(count).toBeLessThanOrEqual(total + 2 * width);
    expect(Math.min(...calls)).toBe(total);
  },
  limits.long,
);
