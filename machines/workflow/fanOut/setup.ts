/** The complete setup of a fan-out's machine: what `fanOutBase` has, and every action by the name that the chart uses. */
import type { AnyActorRef } from 'xstate';
import { eventContextOf } from '../../../src/contracts/eventContext.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import { asJson } from '../../../src/values/json.ts';
import { copyRecord } from '../../../src/values/record.ts';
import { childFailure } from '../../childEvents.ts';
import { parent } from '../../parent.ts';
import { spawnByName } from '../../spawnByName.ts';
import { commandFor, stuckFailure, subWorkflowName } from '../actions.ts';
import type { PreparedItems } from '../effectTypes.ts';
import { failedStep, stepEndOf } from '../stepEnds.ts';
import { attemptEnded } from '../updates.ts';
import { fanOutBase, itemOf } from './setupBase.ts';

const { assign, enqueueActions } = fanOutBase;

const preparedIn = (event: object): PreparedItems =>
  // The event is the end of the effect `prepareItems`.
  (event as { readonly output: PreparedItems }).output;

const tellItems = (command: 'pause' | 'resume') =>
  enqueueActions(({ context, enqueue }) => {
    for (const [item, { kind }] of Object.entries(context.running)) {
      const event = commandFor(kind, command);
      if (event) enqueue.sendTo<AnyActorRef>(`item.${item}`, event);
    }
  });

/** The complete setup of a fan-out's machine. */
export const fanOutSetup = fanOutBase.extend({
  /** Every action by the name that the chart uses. */
  actions: {
    keepStart: enqueueActions(({ context: { start }, enqueue }) => {
      if (start) enqueue({ type: 'append', params: { list: 'start', entry: asJson(start) } });
      enqueue.assign({ start: undefined });
    }),
    beginItems: enqueueActions(({ context, event, enqueue }) => {
      const { total, concurrency, retry, reservedUsd: reserved = 0, items } = preparedIn(event);
      const { at } = eventContextOf(event);
      const running = copyRecord(context.running);
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
