/** A whole task under a random schedule: each step takes one of the events that are possible then. The choices are numbers, so that fast-check can shrink them. */
import type { AnyEventObject } from 'xstate';
import { isExecutable } from '../../../machines/agent/calls.ts';
import type { AgentContext } from '../../../machines/agent/context.ts';
import type { ParsedAnswer } from '../../../machines/agent/effectTypes.ts';
import { agentWith } from '../../../machines/agent/agent.ts';
import type { AgentSettings } from '../../../machines/agent/settings.ts';
import { done, failed, playNext, playStart, type Played, type PlayedAction } from '../../../src/testing/play.ts';
import {
  answers,
  call,
  calls,
  withUsage,
  fault,
  unusableAnswer,
  refusalAnswer,
  withText,
  task,
  usage,
  wants,
} from '../effectResults.ts';
import { trackPending } from '../trackPending.ts';

export interface Schedule {
  readonly played: Played;
  /** Every event, with the snapshots before and after it and the actions it gave. */
  readonly steps: readonly {
    event: AnyEventObject;
    before: Played['snapshot'];
    after: Played['snapshot'];
    actions: readonly PlayedAction[];
  }[];
}

/** Two answers of the model, both counted as usage, and neither of them valid. */
const invalidAnswer = { ...fault('format'), data: { usage: usage(30), answers: 2 } };

/** The possible results of each effect, the more likely ones first. */
const outcomes: Record<string, (id: string, n: number) => AnyEventObject[]> = {
  callModel: (id, n) => [
    calls(call('read', { input: n })),
    calls(call('read', { input: n }), call('send', { how: 'write', input: n }), call('nope', { how: 'refused' })),
    answers(`answer ${n}`),
    withText(
      'thinking aloud',
      calls(call('ask', { how: 'ask', input: n }), call('lint', { tier: 'toolchain', input: n })),
    ),
    calls(call('poll')),
    wants('toolbelt'),
    wants('toolchain'),
    unusableAnswer(),
    refusalAnswer(),
    withUsage(answers('dear'), usage(400, 0.2)),
    withUsage(calls(call('list', { input: n })), usage(20, 0.03)),
    withUsage(calls(call('read', { input: n })), usage(70, 0.001)),
    failed(id, fault('transient')),
    failed(id, { ...fault('transient'), data: { usage: usage(30), answers: 2 } }),
    failed(id, fault('auth')),
    failed(id, new Error('boom')),
  ],
  runTool: (id) => [
    done(id, { content: 'ok' }),
    failed(id, fault('tool')),
    failed(id, fault('environment')),
    failed(id, fault('timeout')),
  ],
  toolCall: (id) => [
    done(id, { ok: true, content: 'sent' }),
    done(id, { ok: false, content: 'denied', failure: fault('denied') }),
    done(id, { ok: false, content: '?', failure: fault('uncertain') }),
  ],
  analyze: (id) => [
    done(id, { objective: 'o', requirements: [], risks: [], usage: usage(), model: 'm' }),
    done(id, { objective: 'o', requirements: [], risks: [], usage: usage(30), answers: 2, model: 'm' }),
    failed(id, fault('transient')),
    failed(id, invalidAnswer),
  ],
  discover: (id) => [
    done(id, { tools: 2, epoch: 1, missing: [] }),
    done(id, { tools: 2, epoch: 1, missing: ['mail'] }),
    failed(id, fault('environment')),
  ],
  plan: (id) => [
    done(id, {
      steps: [{ id: 'a', goal: 'g', dependsOn: [], expected: '', verification: '' }],
      usage: usage(),
      model: 'm',
    }),
    done(id, {
      steps: [{ id: 'a', goal: 'g', dependsOn: ['a'], expected: '', verification: '' }],
      usage: usage(),
      model: 'm',
    }),
    failed(id, fault('timeout')),
    failed(id, invalidAnswer),
  ],
  connectToolbelt: (id) => [done(id, null), failed(id)],
  listToolbelt: (id) => [
    done(id, { tools: 2, epoch: 7, missing: [], conflicts: [] }),
    done(id, { tools: 2, epoch: 7, missing: ['mail'], conflicts: [] }),
    done(id, { tools: 0, epoch: 7, missing: [], conflicts: [] }),
    failed(id),
  ],
  dropToolbelt: (id) => [done(id, null), failed(id, fault('environment'))],
  verify: (id) => [
    done(id, { evidence: [{ objective: 'cited', met: true, says: 'yes' }] }),
    done(id, { evidence: [{ objective: 'cited', met: false, says: 'no' }] }),
    failed(id, fault('transient')),
  ],
  fallback: (id) => [done(id, { resource: 'other' }), failed(id)],
  cleanUp: (id) => [done(id, null), failed(id)],
};

const signals = (n: number): readonly AnyEventObject[] => [
  { type: 'agent.pause' },
  { type: 'agent.resume' },
  { type: 'agent.input', text: `also this (${n})` },
  { type: 'agent.cancel', reason: 'enough' },
];

/** Each event consumes one of the `choices`; when they run out, every effect succeeds and no signal is sent. */
export function schedule(settings: AgentSettings, choices: readonly number[]): Schedule {
  const machine = agentWith(settings);
  const { active, timers, ended, record } = trackPending();

  let played = playStart(machine, task);
  record(played.actions);
  const steps: Schedule['steps'][number][] = [];
  for (let n = 0; n < 2_000 && played.snapshot.status === 'active'; n++) {
    const choice = choices[n];
    const { used } = played.snapshot.context as AgentContext;
    const event = affordable(
      choice === undefined ? successEvent(active, timers, n) : pick(active, timers, choice, n),
      (settings.budget.toolCalls ?? Infinity) - used.toolCalls,
    );
    ended(event);
    const before = played;
    played = playNext(machine, played, event);
    const actions = played.actions.slice(before.actions.length);
    record(actions);
    steps.push({ event, before: before.snapshot, after: played.snapshot, actions });
  }
  return { played, steps };
}

/** The parser of an answer refuses calls for which the budget has no room; when there is no room at all, the machine decides. */
function affordable(event: AnyEventObject, callsLeft: number): AnyEventObject {
  const { calls: requested } = ((event as { output?: unknown }).output ?? {}) as Partial<ParsedAnswer>;
  if (event.type !== 'xstate.done.actor.callModel' || !requested || callsLeft <= 0) return event;
  let count = 0;
  const accepted = requested.map((each) =>
    isExecutable(each) && ++count > callsLeft ? { ...each, how: 'refused', why: 'no calls left' } : each,
  );
  return { ...event, output: { ...(event as unknown as { output: ParsedAnswer }).output, calls: accepted } };
}

function pick(
  active: ReadonlyMap<string, string>,
  timers: ReadonlyMap<string, AnyEventObject>,
  choice: number,
  n: number,
): AnyEventObject {
  const results = [...active].flatMap(([id, src]) => outcomes[src]!(id, n));
  // The deadline is far away: it is chosen only rarely.
  const due = [...timers.values()].filter(({ type }) => !type.includes('deadline') || choice % 50 === 0);
  const candidates = [...results, ...results, ...due, ...signals(n).slice(0, choice % 10 === 0 ? 4 : 3)];
  return candidates[choice % candidates.length]!;
}

function successEvent(
  active: ReadonlyMap<string, string>,
  timers: ReadonlyMap<string, AnyEventObject>,
  n: number,
): AnyEventObject {
  const [first] = active;
  if (first) return first[1] === 'callModel' ? answers(`answer ${n}`) : outcomes[first[1]]!(first[0], n)[0]!;
  const backoff = [...timers.values()].find(({ type }) => type.includes('backoff'));
  return backoff ?? { type: 'agent.resume' };
}
