/** The options that every preset has reach its team. */
import { expect, test } from 'vitest';
import {
  agent,
  debate,
  handoff,
  mapReduce,
  pipeline,
  roundRobin,
  selector,
  supervisorTeam,
  until,
  type Runnable,
} from 'troupe';
import type { PresetOptions } from '../../../src/define/presets/preset.ts';
import { testRuntime } from 'troupe/testing';
import { answeringAgent, callingModel, replyingAgent } from './participants.ts';

const [a, b, c] = [replyingAgent('a'), replyingAgent('b'), replyingAgent('c')];
const presets: Record<string, (more: Omit<PresetOptions, 'name'>) => Runnable> = {
  pipeline: (more) => pipeline({ name: 'post', stages: [a, b], ...more }),
  roundRobin: (more) => roundRobin({ name: 'table', members: [a, b], until: until.maxTurns(3), ...more }),
  selector: (more) =>
    selector({
      name: 'meeting',
      members: [a, b],
      choose: ({ turns }) => (turns.length === 0 ? 'a' : 'b'),
      until: until.maxTurns(2),
      ...more,
    }),
  handoff: (more) => handoff({ name: 'support', members: [answeringAgent('x')], ...more }),
  mapReduce: (more) =>
    mapReduce({ name: 'lines', split: (text) => text.split(' '), map: a, reduce: (all) => all.length, ...more }),
  debate: (more) => debate({ name: 'court', debaters: [a, b], judge: c, rounds: 1, ...more }),
  supervisorTeam: (more) =>
    supervisorTeam({
      name: 'office',
      supervisor: agent({ name: 'boss', model: callingModel({ name: 'a', input: { task: 'x' } }) }),
      workers: [a],
      ...more,
    }),
};
const all = {
  budget: { steps: 7, usd: 2 },
  onExhausted: 'ask',
  supervise: { strategy: 'one-for-all', maxRestarts: 1, within: '5m', restart: 'fresh' },
  deadline: '2m',
} as const;

test.each(Object.entries(presets))('%s passes every option on to its team', (_, make) => {
  expect(make(all)).toMatchObject({ options: all });
  for (const [name, value] of Object.entries(all))
    expect(make({ [name]: value })).toMatchObject({ options: { [name]: value } });
});

test.each(Object.entries(presets))(
  '%s whose budget is used up asks a person, and goes on with the grant',
  async (name, make) => {
    // One step is lent to the first member; whoever needs another one waits for a person.
    await using runtime = await testRuntime();
    const tight = {
      budget: name === 'handoff' ? { toolCalls: 0, steps: 1 } : { steps: 1 },
      onExhausted: 'ask' as const,
    };
    const handle = await runtime.start(make(tight), 'one two');
    for (let asked = 0; asked < 8; asked++) {
      await runtime.settle();
      const tickets = await runtime.tickets(handle.id);
      if (tickets.length === 0) break;
      expect(tickets[0]!.subject).toMatchObject({ tool: 'budget' });
      await runtime.answer(tickets[0]!.id, { granted: { steps: 2 } }, 'Grace');
    }
    expect(await handle.outcome()).toMatchObject({ status: 'done' });
  },
);
