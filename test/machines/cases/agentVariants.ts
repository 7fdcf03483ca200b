/** The charts of agents that lend, are lent, and reserve: what they have beside the chart of every agent. */
import type { AgentInput } from '../../../src/contracts/agent.ts';
import type { AgentContext } from '../../../machines/agent/context.ts';
import { agentWith } from '../../../machines/agent/agent.ts';
import { toolCallMachine } from '../../../machines/toolCall/toolCall.ts';
import { after, done } from '../../../src/testing/play.ts';
import type { Case } from '../case.ts';
import {
  answers,
  call,
  calls,
  fault,
  isShort,
  modelFails,
  settings,
  task,
  toolFails,
  toolReturns,
  usage,
  used,
  withUsage,
} from '../effectResults.ts';

const lease = 'lease/0.0';
const lent: Partial<AgentInput> = { lease, allowance: { steps: 2, usd: 0.002 } };
const grantedOne = { type: 'treasury.granted', id: lease, budget: { steps: 1, usd: 0.01 } };
const granted = { type: 'treasury.granted', id: lease, budget: { steps: 4, usd: 0.9 } };
const refused = { type: 'treasury.refused', id: lease, failure: fault('budget') };
const refusedWithLess = { ...refused, budget: { steps: 1, usd: 0.001 } };
const interrupting = { type: 'agent.input', text: 'more' };
const clerks = calls(call('clerk', { how: 'delegate' }), call('clerk', { how: 'delegate' }, 1));
/** A request of the nth of the clerks, for so much. */
const wants = (nth: number, steps: number) => ({ type: 'treasury.lease', id: `${lease}/1.${nth}`, wants: { steps } });
const ended = (nth: number) => done(`call.${nth}`, { ok: true, content: 'done', usage: used });
const analyzed = done('analyze', { objective: 'o', requirements: [], risks: [], usage: usage(), model: 'm' });
const planned = done('plan', {
  steps: [{ id: 'a', goal: '', dependsOn: [], expected: '', verification: '' }],
  usage: usage(),
  model: 'm',
});

const key = ({ used: spent, purse, allowance, outcome, failure, calls: open, tries, inbox }: AgentContext) => [
  [spent.steps, spent.usd, allowance, outcome?.status, failure?.kind, tries, inbox.length],
  open.map(({ answered, leaving }) => [answered, leaving]),
  [purse.reserve, purse.loans?.queue.map(({ id, wants: more }) => [id, more]), purse.loans?.books.leases],
  [purse.loans?.hasAsked, purse.asked],
];

const limits = { maxRetries: 0, maxAlternatives: 0, maxFallbacks: 0, maxRecoveries: 0, maxToolFailures: 2 };
const variant = (
  name: string,
  change: Parameters<typeof settings>[0],
  events: Case['events'],
  input: Partial<AgentInput> = lent,
): Case => ({
  name,
  variantOf: 'agent',
  machine: agentWith(settings({ budget: { steps: 4, usd: 1 }, ...change, limits })).provide({
    // The machine of a delegate is known by its name alone.
    actors: { 'delegate.clerk': toolCallMachine } as never,
  }),
  input: { ...task, ...input },
  events: [...events, after('deadline', 'agent.active.budget'), { type: 'troupe.deadline' }],
  key: key as Case['key'],
});

const turns = [answers('done'), withUsage(calls(call('read')), usage(15, 0.001)), toolReturns(0)];
const answered = [granted, refused, grantedOne, refusedWithLess];
const lending = [clerks, wants(0, 3), wants(1, 2), wants(1, 9), ended(0), ended(1), toolFails(0, 'restarts')];
const reserving = [
  isShort({ tokens: 40, usd: 0.4 }, { tokens: 20, usd: 0.01 }),
  isShort({}, { tokens: 20 }),
  modelFails(),
];
const early = { analysis: true, planning: true, borrowsEarly: true };

export const cases: readonly Case[] = [
  variant(
    'lending agent',
    { lends: true, budget: { steps: 6 } },
    [answers('done'), ...lending, ...answered.slice(0, 3)],
    {
      lease,
      allowance: { steps: 4 },
    },
  ),
  variant('lent agent', early, [analyzed, planned, answers('done'), ...answered], {
    lease,
    allowance: { steps: 0, usd: 0.002 },
  }),
  variant(
    'lent lending agent',
    { ...early, lends: true, budget: { steps: 6 } },
    [analyzed, planned, answers('done'), ...lending.slice(0, 6), ...answered.slice(0, 3)],
    {
      lease,
      allowance: { steps: 0 },
    },
  ),
  variant('reserving agent', { ...early, reserves: true, onInput: 'interrupt' }, [
    analyzed,
    planned,
    ...turns,
    ...reserving,
    ...answered,
    interrupting,
  ]),
  variant(
    'lending reserving agent',
    { ...early, lends: true, reserves: true },
    [analyzed, planned, answers('done'), ...lending.slice(0, 6), ...reserving.slice(0, 1), ...answered.slice(0, 3)],
    {
      lease,
      allowance: { steps: 0, usd: 0.5 },
    },
  ),
];
