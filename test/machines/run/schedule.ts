/** A whole run of a team under a random schedule: each step takes one of the events that are possible then. The choices are numbers, so that fast-check can shrink them. */
import { fromPromise, type AnyEventObject } from 'xstate';
import type { AgentOutput, AgentUsage, Budget } from '../../../src/contracts/agent.ts';
import type { RunContext } from '../../../machines/run/context.ts';
import type { RunSettings } from '../../../machines/run/settings.ts';
import { runWith } from '../../../machines/run/run.ts';
import { done, failed, playNext, playStart, type Played, type PlayedAction } from '../../../src/testing/play.ts';
import type { Ledger } from '../../../machines/treasury/ledger.ts';
import { TreasurerDouble } from '../treasurerDouble.ts';
import { fault } from '../effectResults.ts';
import { trackPending } from '../trackPending.ts';

export interface RunSchedule {
  readonly played: Played;
  readonly steps: readonly {
    event: AnyEventObject;
    before: Played['snapshot'];
    after: Played['snapshot'];
    actions: readonly PlayedAction[];
    /** The ledger of the treasurer after the event; undefined when there is no treasurer. */
    ledger: Ledger | undefined;
  }[];
  /** Members that were started and have neither ended nor been stopped. */
  readonly unended: readonly string[];
}

const member = fromPromise(() => Promise.resolve(null));
export const teamOf = (settings: RunSettings) =>
  runWith(settings).provide({ actors: { writer: member, critic: member } as never });

/** How a run ends when the choices are used up: every effect succeeds, or the run is cancelled and no member reacts. */
export type Ending = 'well' | 'cancelled';

export function runSchedule(
  settings: RunSettings,
  budget: Budget | undefined,
  choices: readonly number[],
  ending: Ending = 'well',
): RunSchedule {
  const machine = teamOf(settings);
  const { active, timers, ended, record } = trackPending();
  let played = playStart(machine, { type: 'brief', body: {}, ...(budget === undefined ? {} : { budget }) });
  record(played.actions);
  const treasurer = new TreasurerDouble();
  treasurer.record(played.actions);
  const steps: RunSchedule['steps'][number][] = [];
  for (let n = 0; n < choices.length + 300 && played.snapshot.status === 'active'; n++) {
    const context = played.snapshot.context as RunContext;
    const results = [...active].flatMap(([id]) => outcomes(id, context));
    const [treasurerAnswer] = treasurer.answers;
    const choice = choices[n];
    const event =
      choice === undefined
        ? ending === 'well'
          ? successEvent(active, context, n - choices.length, treasurerAnswer)
          : cancelled(timers, n - choices.length)
        : pick(
            [
              ...results,
              ...results,
              ...(treasurerAnswer ? [treasurerAnswer, treasurerAnswer, treasurerAnswer] : []),
              ...[...timers.values()].filter(() => choice % 20 === 0),
              ...signals,
            ],
            choice,
          );
    ended(event);
    if (event === treasurerAnswer) treasurer.answers.shift();
    const before = played;
    played = playNext(machine, played, event);
    const actions = played.actions.slice(before.actions.length);
    record(actions);
    treasurer.record(actions);
    steps.push({ event, before: before.snapshot, after: played.snapshot, actions, ledger: treasurer.ledger });
  }
  return { played, steps, unended: [...active.keys()] };
}

const signals: readonly AnyEventObject[] = [
  { type: 'run.pause' },
  { type: 'run.resume' },
  { type: 'run.resume' },
  { type: 'run.cancel', reason: 'enough' },
  { type: 'troupe.deadline' },
];
const pick = (candidates: readonly AnyEventObject[], choice: number): AnyEventObject => {
  // A cancel is chosen only rarely.
  const likely =
    choice % 10 === 0
      ? candidates
      : candidates.filter(({ type }) => type !== 'run.cancel' && type !== 'troupe.deadline');
  return likely[choice % likely.length]!;
};

const send = (...to: string[]) => done('route', { send: to.map((name) => ({ to: name, type: 'draft', body: {} })) });

/** The possible results of what is pending. A member uses none, half or all of its grant, or one call more. */
function outcomes(id: string, { granted, leases }: RunContext): AnyEventObject[] {
  if (id === 'treasurer') return [];
  if (id === 'route')
    return [
      send('writer'),
      send('writer', 'critic'),
      send('writer', 'critic', 'writer'),
      send(),
      send('critic'),
      send('critic', 'critic'),
      done('route', { finish: 'an article' }),
      failed('route', fault('definition')),
    ];
  const place = Number(id.slice('member.'.length));
  const grant = granted[place] ?? {};
  const lease = leases[place];
  const answered = [0, 0.5, 1].map((share) => answers(id, usageOf(grant, share)));
  return [
    ...answered,
    ...answered,
    answers(id, usageOf(grant, 1, 1)),
    done(id, ends('failed', usageOf(grant, 1))),
    failed(id, fault('restarts')),
    // The member comes near its grant, and requests more.
    ...(typeof lease === 'string' ? [{ type: 'treasury.lease', id: lease, wants: more(grant) }] : []),
  ];
}

const more = ({ steps, usd }: Budget): Budget => ({
  ...(steps === undefined ? {} : { steps: steps + 1 }),
  ...(usd === undefined ? {} : { usd: usd + 0.001 }),
});

const answers = (id: string, usage: AgentUsage) => done(id, ends('completed', usage));
const ends = (status: 'completed' | 'failed', usage: AgentUsage): AgentOutput =>
  status === 'completed'
    ? { status, answer: { type: 'article', body: {} }, evidence: [], usage }
    : { status, failure: fault('model'), phase: 'execution', evidence: [], usage };

function usageOf({ steps = 4, tokens = 40, usd = 0.01, toolCalls = 4 }: Budget, share: number, over = 0): AgentUsage {
  return {
    steps: Math.floor(steps * share) + over,
    inputTokens: Math.floor(tokens * share) + over * 20,
    outputTokens: 0,
    cachedTokens: 0,
    toolCalls: Math.floor(toolCalls * share),
    usd: usd * share + over * 0.01,
  };
}

function successEvent(
  active: ReadonlyMap<string, string>,
  { granted }: RunContext,
  n: number,
  treasurerAnswer: AnyEventObject | undefined,
): AnyEventObject {
  if (n === 0) return { type: 'run.resume' };
  if (treasurerAnswer) return treasurerAnswer;
  const id = [...active.keys()].find((each) => each.startsWith('member.'));
  if (id !== undefined) return answers(id, usageOf(granted[Number(id.slice('member.'.length))] ?? {}, 0.5));
  return done('route', { finish: 'an article' });
}

const cancelled = (timers: ReadonlyMap<string, AnyEventObject>, n: number): AnyEventObject =>
  n === 0
    ? { type: 'run.cancel', reason: 'enough' }
    : ([...timers.values()].find(({ type }) => type.includes('grace')) ?? { type: 'run.resume' });
