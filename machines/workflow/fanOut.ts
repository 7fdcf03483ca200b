/**
 * A step that is done once for each item of a list, where an item must wait for something: each is an actor of its own.
 *
 * FO1 Items begin in the order of the list, so many at a time as the step says.
 * FO2 All items come to an end, also when one has failed: their number decides in the end whether the step has failed.
 * FO3 The results are in the order of the items. What was used by all of them is added up.
 * FO4 An item that failed is tried again by itself, after a pause, as often as the step says. Others go on meanwhile, and none that has ended is repeated.
 */
import { assign, setup, type AnyActorRef } from 'xstate';
import type { StepEnd, StepMetrics } from '../../src/contracts/workflow/step.ts';
import { noMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { asJson } from '../../src/values/json.ts';
import { childFailure } from '../childEvents.ts';
import { parent } from '../parent.ts';
import { engineActions, slot } from '../slot.ts';
import { spawnByName } from '../spawnByName.ts';
import { waitMachine } from '../wait.ts';
import { commandFor, stuckFailure, subWorkflowName } from './actions.ts';
import { failedStep, stepEndOf } from './stepEnds.ts';
import { reservedUsd, type StepAttempts, type StepUnderway } from './context.ts';
import type { StepDispatch, FanOutInput, ItemsRequest, PreparedItems } from './effectTypes.ts';
import { endedChild, type FanOutEvent } from './events.ts';
import { attemptEnded, runningChildren } from './updates.ts';

/** The context of a fan-out. */
export interface FanOutContext {
  /** What it starts with, until it is in the list `start`. */
  readonly start: FanOutInput | undefined;
  readonly step: string;
  readonly budgetUsd: number | undefined;
  /** How many items there are, and how many at once; undefined until the list was read. */
  readonly total: number | undefined;
  readonly concurrency: number;
  /** How many items were taken from the list. */
  readonly taken: number;
  /** Further attempts of an item, and the first pause in milliseconds. */
  readonly retry: StepDispatch['retry'] | undefined;
  /** By the number of the item. */
  readonly running: Readonly<Record<string, StepUnderway>>;
  /** Earlier attempts, by the number of the item. */
  readonly attempts: Readonly<Record<string, StepAttempts>>;
  /** Items that wait for their next attempt, and those whose wait is over. */
  readonly resting: readonly string[];
  readonly due: readonly string[];
  /** How many results the list has. */
  readonly records: number;
  readonly metrics: StepMetrics;
  readonly end: StepEnd | undefined;
}

const preparedIn = (event: object): PreparedItems =>
  // The event is the end of the effect `prepareItems`.
  (event as { readonly output: PreparedItems }).output;
const itemOf = (type: string): string => endedChild(type)?.slice('item.'.length) ?? '';

/** A pause ends by itself after a week. Milliseconds. */
const longestHold = 7 * 24 * 60 * 60_000;

/** What is neither spent nor reserved, in US dollars; undefined without a limit. */
const budgetLeft = ({ budgetUsd, metrics, running }: FanOutContext): number | undefined =>
  budgetUsd === undefined ? undefined : Math.max(0, budgetUsd - metrics.cost_usd - reservedUsd({ running }));

const fanOutSetup = setup({
  types: {} as {
    context: FanOutContext;
    input: FanOutInput;
    events: FanOutEvent;
    output: StepEnd;
    tags: 'paused' | 'stopping';
  },
  actors: {
    prepareItems: slot<PreparedItems, ItemsRequest>('prepareItems'),
    gather: slot<StepEnd, { readonly step: string }>('gather'),
    agentStep: slot<StepEnd, StoredAgentTask>('agentStep'),
    wait: waitMachine,
  },
  delays: { grace: 10_000, patience: longestHold },
  guards: {
    /** Every item has its result. */
    isDone: ({ context }) => context.records >= (context.total ?? Infinity),
    /** Nothing is under way, and nothing can begin: an item would be waited for that never comes. */
    isStuck: ({ context }) =>
      runningChildren(context).length === 0 && context.resting.length === 0 && context.due.length === 0,
    hasRoom: ({ context }) => {
      const { taken, total, due, concurrency } = context;
      if (total === undefined) return true;
      const running = runningChildren(context).length;
      const left = budgetLeft(context);
      // While all that is left is reserved, an item waits until another one has ended.
      const isAffordable = left === undefined || left > 0 || running === 0;
      const waiting = total - taken + due.length;
      const next = Math.min(waiting, concurrency - running);
      return next > 0 && isAffordable && (next === waiting || running === 0 || next >= atOnce(concurrency));
    },
    hasRunning: ({ context }) => runningChildren(context).length > 0,
    isLastItem: ({ context, event }) => runningChildren(context).every(([item]) => item === itemOf(event.type)),
  },
  actions: engineActions,
});
const { enqueueActions } = fanOutSetup;

/** Where many run at once, a few begin together: each beginning stores what is under way, and that grows with their number. */
function atOnce(concurrency: number): number {
  return Math.max(1, Math.floor(concurrency / 8));
}

const tellItems = (command: 'pause' | 'resume') =>
  enqueueActions(({ context, enqueue }) => {
    for (const [item, { kind }] of Object.entries(context.running)) {
      const event = commandFor(kind, command);
      if (event) enqueue.sendTo<AnyActorRef>(`item.${item}`, event);
    }
  });

const fullSetup = fanOutSetup.extend({
  /** Every action by the name that the chart uses. */
  actions: {
    keepStart: enqueueActions(({ context: { start }, enqueue }) => {
      if (start) enqueue({ type: 'append', params: { list: 'start', entry: asJson(start) } });
      enqueue.assign({ start: undefined });
    }),
    beginItems: enqueueActions(({ context, event, enqueue }) => {
      const { total, concurrency, retry, reservedUsd: reserved = 0, items } = preparedIn(event);
      const { at } = eventContextOf(event);
      const running: Record<string, StepUnderway> = { ...context.running };
      let { records, taken } = context;
      for (const each of items) {
        const item = String(each.item);
        taken = Math.max(taken, each.item + 1);
        if ('failure' in each) {
          records++;
          const end = failedStep(each.failure, each.failure.kind);
          enqueue({ type: 'append', params: { list: 'results', entry: asJson({ item: each.item, end }) } });
          continue;
        }
        const { kind, input } = each.start;
        const source = kind === 'workflow' ? subWorkflowName(context.step) : kind === 'agent' ? 'agentStep' : kind;
        spawnByName(enqueue, source, `item.${item}`, input);
        running[item] = {
          step: item,
          kind,
          since: at,
          ...(reserved > 0 ? { reservedUsd: reserved } : {}),
          ...(retry ? { retry } : {}),
        };
      }
      const due = context.due.filter((item) => !items.some((each) => String(each.item) === item));
      enqueue.assign({ total, concurrency, retry, running, taken, records, due });
    }),
    takeItem: enqueueActions(({ context, event, enqueue }) => {
      const item = itemOf(event.type);
      const known = context.running[item];
      // One that has ended is not kept: the snapshot does not grow with the items.
      enqueue.stopChild(`item.${item}`);
      const result = known && attemptEnded(context, item, stepEndOf(known.kind, event), eventContextOf(event));
      if (!result) return;
      if (result.is === 'retried')
        enqueue.raise({ type: 'item.retry', item }, { id: `retry.${item}`, delay: result.pause });
      else {
        const { end } = result.record;
        enqueue({ type: 'append', params: { list: 'results', entry: asJson({ item: Number(item), end }) } });
      }
      enqueue.assign(result.change);
    }),
    /** The pause is over: the item is begun again as soon as there is room. */
    endRest: assign(({ context, event }) => {
      if (event.type !== 'item.retry') return {};
      return { resting: context.resting.filter((each) => each !== event.item), due: [...context.due, event.item] };
    }),
    takeGathered: assign(({ context, event }) => {
      // The event is the end of the effect `gather`, which gives the end of the step.
      const { output } = event as unknown as { readonly output: StepEnd };
      return { end: { ...output, metrics: context.metrics } };
    }),
    noteStuck: assign(({ context }) => ({ end: failedStep(stuckFailure, 'internal', context.metrics) })),
    noteFailed: assign(({ context, event }) => {
      const failure = childFailure(event);
      return { end: failedStep(failure, failure.kind, context.metrics) };
    }),
    notePatience: assign(({ context }) => ({
      end: failedStep(
        { kind: 'expired', message: 'The items were paused for a week.', retryable: false },
        'expired',
        context.metrics,
      ),
    })),
    noteCancelled: assign(({ context, event }) => ({
      end: failedStep(
        { kind: 'cancelled', message: event.type === 'run.cancel' ? event.reason : '', retryable: false },
        'cancelled',
        context.metrics,
      ),
    })),
    cancelItems: enqueueActions(({ context, enqueue }) => {
      for (const [item, { kind }] of Object.entries(context.running)) {
        const event = commandFor(kind, 'cancel', 'The workflow has ended.');
        if (event) enqueue.sendTo<AnyActorRef>(`item.${item}`, event);
      }
    }),
    abandonItems: enqueueActions(({ context, enqueue }) => {
      for (const item of Object.keys(context.running)) enqueue.stopChild(`item.${item}`);
    }),
    pauseItems: tellItems('pause'),
    resumeItems: tellItems('resume'),
    passNotice: enqueueActions(({ event, enqueue }) => {
      if (event.type === 'step.approval') enqueue.sendTo(parent, event);
    }),
  },
});

/** The chart of a fan-out. Fill `prepareItems` and `gather`, and provide what an item is. */
export const fanOutMachine = fullSetup.createMachine({
  id: 'fanOut',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({
    start: input,
    step: input.step,
    budgetUsd: input.budgetUsd,
    total: undefined,
    concurrency: 1,
    taken: 0,
    retry: undefined,
    running: {},
    attempts: {},
    resting: [],
    due: [],
    records: 0,
    metrics: noMetrics,
    end: undefined,
  }),
  initial: 'working',
  states: {
    working: {
      entry: 'keepStart',
      initial: 'choosing',
      on: {
        'run.cancel': { target: 'stopping', actions: 'noteCancelled' },
        'run.pause': { actions: 'pauseItems' },
        'run.resume': { actions: 'resumeItems' },
        'step.approval': { actions: 'passNotice' },
        'item.retry': { actions: 'endRest' },
        'xstate.done.actor.item.*': { actions: 'takeItem' },
        'xstate.error.actor.item.*': { actions: 'takeItem' },
      },
      states: {
        choosing: {
          always: [
            { guard: 'isDone', target: 'gathering' },
            { guard: 'hasRoom', target: 'preparing' },
            { guard: 'isStuck', target: 'failing', actions: 'noteStuck' },
          ],
          on: { 'run.pause': { target: 'held', actions: 'pauseItems' } },
        },
        preparing: {
          invoke: {
            src: 'prepareItems',
            id: 'prepareItems',
            input: ({ context }) => requestFrom(context),
            onDone: { target: 'choosing', actions: 'beginItems' },
            onError: { target: 'failing', actions: 'noteFailed' },
          },
          on: { 'run.pause': { target: 'held', actions: 'pauseItems' } },
        },
        held: {
          tags: 'paused',
          on: { 'run.pause': {}, 'run.resume': { target: 'choosing', actions: 'resumeItems' } },
          after: { patience: { target: 'failing', actions: 'notePatience' } },
        },
        gathering: {
          invoke: {
            src: 'gather',
            id: 'gather',
            input: ({ context: { step } }) => ({ step }),
            onDone: { target: '#ended', actions: 'takeGathered' },
            onError: { target: '#ended', actions: 'noteFailed' },
          },
        },
        failing: { always: '#stopping' },
      },
    },
    stopping: {
      id: 'stopping',
      tags: 'stopping',
      initial: 'telling',
      states: {
        telling: {
          entry: 'cancelItems',
          always: [{ guard: 'hasRunning', target: 'waiting' }, { target: '#ended' }],
        },
        waiting: {
          on: {
            'xstate.done.actor.item.*': [
              { guard: 'isLastItem', target: '#ended', actions: 'takeItem' },
              { actions: 'takeItem' },
            ],
            'xstate.error.actor.item.*': [
              { guard: 'isLastItem', target: '#ended', actions: 'takeItem' },
              { actions: 'takeItem' },
            ],
          },
          after: { grace: { target: '#ended', actions: 'abandonItems' } },
        },
      },
    },
    ended: { id: 'ended', type: 'final' },
  },
  output: ({ context: { end, metrics } }) =>
    end
      ? { ...end, metrics }
      : failedStep(
          { kind: 'internal', message: 'The items ended without a result.', retryable: false },
          'internal',
          metrics,
        ),
});

/** The items that can begin now: those that are due again, then the next ones of the list. */
function requestFrom(context: FanOutContext): ItemsRequest {
  const { step, taken, total, concurrency, due } = context;
  const running = runningChildren(context).length;
  const left = budgetLeft(context);
  return {
    step,
    from: taken,
    // How many at once is known with the first answer.
    count: total === undefined ? firstItems : concurrency - running,
    again: due.map(Number),
    running,
    ...(left === undefined ? {} : { budgetUsd: left }),
  };
}

/** So many items at most are begun before it is known how many may run at once. */
const firstItems = 16;
