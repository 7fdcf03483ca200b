/** What the charts of an agent, a run, a router and a guardrail have in common: how they end, their deadlines, and how settings reach them. */
import type { AnyStateMachine } from 'xstate';
import { lightCopy } from '../src/core/lightCopy.ts';
import type { EventContext } from '../src/contracts/eventContext.ts';

/** The transitions of the event with which a chart settles. Its guards say how it ended. */
export const settledTransitions = [
  { guard: 'isCompleted', target: 'completed' },
  { guard: 'isCancelled', target: 'cancelled' },
  { target: 'failed' },
] as const;

/** The final states of a chart. */
export const finalStates = {
  completed: { type: 'final' },
  failed: { type: 'final' },
  cancelled: { type: 'final' },
} as const;

/**
 * The two deadlines of a chart: its own, which is the delay `deadline`, and that of the whole run, which the engine announces as `troupe.deadline`.
 * `own` and `run` are the actions that they take.
 */
export const deadlineTransitions = <const Own extends string, const Run extends string>(
  target: string,
  { own, run }: { own: Own; run: Run },
) => ({
  after: { deadline: { target, actions: own } },
  on: { 'troupe.deadline': { target, actions: run } },
});

/** The region of a chart that knows whether it is paused. */
export const pauseRegion = {
  initial: 'running',
  states: {
    running: { on: { 'run.pause': 'paused' } },
    paused: { tags: 'paused', on: { 'run.resume': 'running' } },
  },
} as const;

/** The region of a chart that says once that a deadline has passed, by the actions `sayLate` and `sayExpired`. */
export const clockRegion = {
  initial: 'ticking',
  states: {
    ticking: deadlineTransitions('late', { own: 'sayLate', run: 'sayExpired' }),
    late: {},
  },
} as const;

/** So many milliseconds, or fewer when the deadline comes first: nothing is waited for beyond it (E9). At least 1. */
export const withinDeadline = (wanted: number, { at, deadline = Infinity }: EventContext): number =>
  Math.max(1, Math.min(wanted, deadline - at));

/** The guards, delays and actions that close over settings. They are made anew for other settings, and the chart stays the same. */
interface BySettings<Settings, Guards, Delays, Actions> {
  readonly guards: (settings: Settings) => Guards;
  readonly delays: (settings: Settings) => Delays;
  readonly actions: (settings: Settings) => Actions;
}

/** A chart with other settings. Its states, events and names, and with them its hash, do not change. */
export const withSettings = <Settings, Guards, Delays, Actions, Machine extends AnyStateMachine>(
  chart: Machine & { provide(implementations: { guards: Guards; delays: Delays; actions: Actions }): unknown },
  { guards, delays, actions }: BySettings<Settings, Guards, Delays, Actions>,
  settings: Settings,
): Machine => {
  const given = { guards: guards(settings), delays: delays(settings), actions: actions(settings) };
  // It fits `provide`, as the type of `chart` says.
  return lightCopy<Machine>(chart, given as Parameters<Machine['provide']>[0]);
};
