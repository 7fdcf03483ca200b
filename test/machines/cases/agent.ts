import type { AgentInput } from '../../../src/contracts/agent.ts';
import type { AgentContext } from '../../../machines/agent/context.ts';
import { agentWith } from '../../../machines/agent/agent.ts';
import { toolCallMachine } from '../../../machines/toolCall.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import { dose } from '../../dose.ts';
import type { Case } from '../case.ts';
import {
  answers,
  breaks,
  call,
  calls,
  costs,
  fault,
  modelFails,
  mumbles,
  refuses,
  returns,
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
const said = { type: 'agent.input', text: 'more' };
const signals = [{ type: 'agent.cancel', reason: 'enough' }, { type: 'agent.pause' }, { type: 'agent.resume' }];
const turns = [
  answers('done'),
  calls(call('read'), call('send', { how: 'write' })),
  returns(0),
  returns(1),
  breaks(0),
  breaks(1, 'environment'),
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
  given: Partial<AgentInput> = {},
): Case => ({
  name: 'agent',
  side,
  machine: agentWith(settings({ budget: { steps: 3 }, ...change, limits })),
  input: { ...task, ...given },
  events: [...events, ...timers, ...recovery],
  key: key as Case['key'],
});

/** One chart, explored from several sides: with all events at once the exploration would not end. */
export const cases: readonly Case[] = [
  agent('acting', {}, [...signals, ...turns, modelFails(), modelFails('auth')]),
  {
    ...agent('with somebody who works for it', {}, [
      ...signals,
      calls(call('read'), call('clerk', { how: 'delegate' })),
      returns(0),
      returns(1),
      done('call.1', { ok: false, content: 'stopped', failure: fault('tool'), usage: used }),
      breaks(1, 'restarts'),
      after('dismissal', 'agent.active.lifecycle.cleanup.dismissing'),
    ]),
    machine: agentWith(settings({ budget: { steps: 3 }, limits })).provide({
      actors: { 'delegate.clerk': toolCallMachine } as never,
    }),
  },
  agent('told and misunderstood', { budget: { steps: dose(2, 3) } }, [
    answers('done'),
    mumbles(),
    refuses(),
    modelFails('format'),
    said,
  ]),
  agent('told what replaces the last', { onInput: 'latest' }, [answers('done'), said, modelFails('format')]),
  agent('told and deaf', { onInput: 'reject' }, [answers('done'), said, modelFails('format')]),
  agent('told one by one', { onInput: 'queue' }, [answers('done'), said, calls(call('read')), returns(0)]),
  // All events together give twenty thousand situations.
  agent('interrupted', { onInput: 'interrupt', verification: true, budget: { steps: dose(2, 3) } }, [
    ...turns,
    said,
    ...dose([], signals.slice(1)),
    evidence(true),
    modelFails(),
  ]),
  agent(
    'interrupted while it prepares',
    { onInput: 'interrupt', analysis: true, planning: true, budget: { steps: 4 } },
    [
      done('analyze', { objective: 'o', requirements: [], risks: [], usage: usage(), model: 'm' }),
      planOf(step),
      answers('done'),
      said,
      signals[1]!,
      signals[2]!,
    ],
  ),
  agent('told while it is checked', { verification: true }, [answers('done'), said, evidence(true), evidence(false)]),
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
  agent('reaching for more tools', { toolbelt: true, cleanup: true, budget: { steps: 4 } }, [
    wants('toolchain'),
    wants('toolbelt'),
    calls(call('read')),
    returns(0),
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
  agent('short of means', { analysis: true, budget: { steps: 4, toolCalls: 2, usd: 1 } }, [
    done('analyze', { objective: 'o', requirements: [], risks: [], usage: usage(), model: 'm' }),
    failed('analyze', { ...fault('transient'), data: { usage: usage(), answers: 4 } }),
    calls(call('read')),
    returns(0),
    breaks(0),
    costs(answers('done'), usage(15, null)),
    answers('done'),
  ]),
  agent(
    'lent to',
    { budget: { steps: 4, usd: 1 }, models: 2 },
    [
      calls(call('read')),
      returns(0),
      costs(calls(call('read')), usage(15, 0.4)),
      { type: 'treasury.granted', id: 'lease/0.0', budget: { steps: 5, toolCalls: 2, usd: 0.9 } },
      { type: 'treasury.granted', id: 'lease/9.0', budget: { steps: 5 } },
      { type: 'treasury.refused', id: 'lease/0.0', failure: fault('budget') },
      answers('done'),
    ],
    { lease: 'lease/0.0', allowance: { steps: 2, toolCalls: 1, usd: 0.5 }, degrade: true },
  ),
  agent('asking a person', { budget: { steps: 1, toolCalls: 1 }, onExhausted: 'ask' }, [
    calls(call('read')),
    calls(call('read'), call('read')),
    returns(0),
    returns(1),
    done('ticket', { status: 'answered', answer: { granted: { steps: 1, toolCalls: 1 } }, by: 'ada' }),
    done('ticket', { status: 'answered', answer: { refused: 'enough' }, by: 'ada' }),
    done('ticket', { status: 'expired' }),
    failed('ticket', fault('restarts')),
    answers('done'),
  ]),
  agent('proving', { verification: true, cleanup: true }, [
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
