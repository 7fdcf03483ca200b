import type { AgentInput } from '../../../src/contracts/agent.ts';
import type { AgentContext } from '../../../machines/agent/context.ts';
import { agentWith } from '../../../machines/agent/agent.ts';
import { toolCallMachine } from '../../../machines/toolCall/toolCall.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import { dose } from '../../dose.ts';
import type { Case } from '../case.ts';
import {
  answers,
  toolFails,
  call,
  calls,
  withUsage,
  fault,
  modelFails,
  unusableAnswer,
  refusalAnswer,
  toolReturns,
  settings,
  task,
  usage,
  used,
  wants,
} from '../effectResults.ts';

const working = 'agent.active.lifecycle.working';
const evidence = (met: boolean) => done('verify', { evidence: [{ objective: 'cited', met, says: '' }] });
const planOf = (...steps: object[]) => done('plan', { steps, usage: usage(), model: 'm' });
const step = { id: 'a', goal: '', dependsOn: [], expected: '', verification: '' };

const limits = {
  maxRetries: 1,
  maxAlternatives: 1,
  maxFallbacks: 1,
  maxRecoveries: 2,
  maxRequeries: 1,
  maxVerifyRounds: 1,
  maxToolFailures: 2,
  maxRepeats: 3,
  evalEvery: 1,
  demoteAfter: 1,
  toolbeltPause: 1,
};
const inputEvent = { type: 'agent.input', text: 'more' };
const signals = [{ type: 'agent.cancel', reason: 'enough' }, { type: 'agent.pause' }, { type: 'agent.resume' }];
const turns = [
  answers('done'),
  calls(call('read'), call('send', { how: 'write' })),
  toolReturns(0),
  toolReturns(1),
  toolFails(0),
  toolFails(1, 'environment'),
];
const timers = [
  after('deadline', 'agent.active.budget'),
  { type: 'troupe.deadline' },
  after('backoff', 'errorHandling'),
  after('backoff', 'agent.active.lifecycle.errorHandling.retry'),
  after('phaseTimeout', 'agent.active.lifecycle.errorHandling.fallback'),
];
const tooLong = (...states: string[]) => states.map((state) => after('phaseTimeout', `${working}.${state}`));
const recovery = [done('fallback', { resource: 'other' }), failed('fallback')];
const cleaning = [
  done('cleanUp', null),
  failed('cleanUp'),
  after('cleanupGrace', 'agent.active.lifecycle.cleanup.closing'),
];

const key = ({
  used: spent,
  tries,
  requeries,
  rounds,
  outcome,
  failure,
  calls: open,
  tools,
  toolFailures,
  inbox,
  purse,
  allowance,
}: AgentContext) => [
  [purse.extra, purse.calls, purse.asked, purse.cheaper, allowance],
  spent.steps,
  tries,
  requeries,
  rounds,
  outcome?.status,
  failure?.kind,
  open.map(({ answered, leaving }) => [answered, leaving]),
  [tools.tier, tools.wanted, tools.missing.length, tools.evaluatedAt, tools.blockedUntil, tools.usedAt],
  toolFailures,
  inbox.length,
];

const agent = (
  side: string,
  change: Parameters<typeof settings>[0],
  events: Case['events'],
  input: Partial<AgentInput> = {},
): Case => ({
  name: 'agent',
  side,
  machine: agentWith(settings({ budget: { steps: 3 }, ...change, limits })),
  input: { ...task, ...input },
  events: [...events, ...timers, ...recovery],
  key: key as Case['key'],
});

/** One chart, explored from several sides: with all events at once the exploration would not end. */
export const cases: readonly Case[] = [
  agent('acting', {}, [...signals, ...turns, modelFails(), modelFails('auth')]),
  {
    ...agent('with a delegate', {}, [
      ...signals,
      calls(call('read'), call('clerk', { how: 'delegate' })),
      toolReturns(0),
      toolReturns(1),
      done('call.1', { ok: false, content: 'stopped', failure: fault('tool'), usage: used }),
      toolFails(1, 'restarts'),
      after('dismissal', 'agent.active.lifecycle.cleanup.dismissing'),
    ]),
    machine: agentWith(settings({ budget: { steps: 3 }, limits })).provide({
      actors: { 'delegate.clerk': toolCallMachine } as never,
    }),
  },
  agent('input and unusable answers', { budget: { steps: dose(2, 3) } }, [
    answers('done'),
    unusableAnswer(),
    refusalAnswer(),
    modelFails('format'),
    inputEvent,
  ]),
  agent('input: latest', { onInput: 'latest' }, [answers('done'), inputEvent, modelFails('format')]),
  agent('input: reject', { onInput: 'reject' }, [answers('done'), inputEvent, modelFails('format')]),
  agent('input: queue', { onInput: 'queue' }, [answers('done'), inputEvent, calls(call('read')), toolReturns(0)]),
  // All events together give twenty thousand situations.
  agent('input: interrupt', { onInput: 'interrupt', verification: true, budget: { steps: dose(2, 3) } }, [
    ...turns,
    inputEvent,
    ...dose([], signals.slice(1)),
    evidence(true),
    modelFails(),
  ]),
  agent(
    'input: interrupt while preparing',
    { onInput: 'interrupt', analysis: true, planning: true, budget: { steps: dose(3, 4) } },
    [
      done('analyze', { objective: 'o', requirements: [], risks: [], usage: usage(), model: 'm' }),
      planOf(step),
      answers('done'),
      inputEvent,
      signals[1]!,
      signals[2]!,
    ],
  ),
  agent('input while verifying', { verification: true }, [
    answers('done'),
    inputEvent,
    evidence(true),
    evidence(false),
  ]),
  agent('preparing', { analysis: true, discovery: true, planning: true, budget: { steps: 5 } }, [
    done('analyze', { objective: 'o', requirements: [], risks: [], usage: usage(), model: 'm' }),
    failed('analyze', fault('transient')),
    done('discover', { tools: 1, epoch: 1, missing: [] }),
    done('discover', { tools: 1, epoch: 1, missing: ['mail'] }),
    failed('discover', fault('environment')),
    planOf(step),
    planOf(step, step),
    failed('plan', fault('model')),
    ...tooLong('requirements.analyzing', 'discovery.listing', 'planning.drafting'),
    { type: 'agent.pause' },
    { type: 'agent.resume' },
    answers('done'),
  ]),
  agent('activating more tools', { toolbelt: true, cleanup: true, budget: { steps: 4 } }, [
    wants('toolchain'),
    wants('toolbelt'),
    calls(call('read')),
    toolReturns(0),
    done('connectToolbelt', null),
    failed('connectToolbelt'),
    done('listToolbelt', { tools: 2, epoch: 1, missing: [], conflicts: [] }),
    done('listToolbelt', { tools: 2, epoch: 1, missing: ['mail'], conflicts: [] }),
    done('listToolbelt', { tools: 0, epoch: 1, missing: [], conflicts: [] }),
    failed('listToolbelt'),
    done('dropToolbelt', null),
    failed('dropToolbelt', fault('environment')),
    ...tooLong('toolbelt.connecting', 'toolbelt.listing', 'toolbelt.rollback'),
    answers('done'),
    ...cleaning,
  ]),
  agent('short of budget', { analysis: true, budget: { steps: 4, toolCalls: 2, usd: 1 } }, [
    done('analyze', { objective: 'o', requirements: [], risks: [], usage: usage(), model: 'm' }),
    failed('analyze', { ...fault('transient'), data: { usage: usage(), answers: 4 } }),
    calls(call('read')),
    toolReturns(0),
    toolFails(0),
    withUsage(answers('done'), usage(15, null)),
    answers('done'),
  ]),
  agent(
    'with a leased budget',
    { budget: { steps: 4, usd: 1 }, models: 2 },
    [
      calls(call('read')),
      toolReturns(0),
      withUsage(calls(call('read')), usage(15, 0.4)),
      { type: 'treasury.granted', id: 'lease/0.0', budget: { steps: 5, toolCalls: 2, usd: 0.9 } },
      { type: 'treasury.granted', id: 'lease/9.0', budget: { steps: 5 } },
      { type: 'treasury.refused', id: 'lease/0.0', failure: fault('budget') },
      answers('done'),
    ],
    { lease: 'lease/0.0', allowance: { steps: 2, toolCalls: 1, usd: 0.5 }, degrade: true },
  ),
  agent('asking for more budget', { budget: { steps: 1, toolCalls: 1 }, onExhausted: 'ask' }, [
    calls(call('read')),
    calls(call('read'), call('read')),
    toolReturns(0),
    toolReturns(1),
    done('ticket', { status: 'answered', answer: { granted: { steps: 1, toolCalls: 1 } }, by: 'ada' }),
    done('ticket', { status: 'answered', answer: { refused: 'enough' }, by: 'ada' }),
    done('ticket', { status: 'expired' }),
    failed('ticket', fault('restarts')),
    answers('done'),
  ]),
  agent('verifying', { verification: true, cleanup: true }, [
    answers('done'),
    evidence(true),
    evidence(false),
    done('verify', { evidence: [] }),
    failed('verify', fault('tool')),
    ...tooLong('verification.checking'),
    ...cleaning,
    signals[0]!,
  ]),
];
