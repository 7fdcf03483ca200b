/** The setup that the chart of a flow is written with: types, slots, delays, guards and actions. */
import { assign, raise, setup, type AnyActorRef } from 'xstate';
import type { FlowEnd, FlowStart } from '../../src/contracts/flow/flow.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { asJson } from '../../src/values/json.ts';
import { copyRecord, without } from '../../src/values/record.ts';
import { childFailure } from '../childEvents.ts';
import { runExpired } from '../failure.ts';
import { maxNestingDepth, tooDeepFailure } from '../member.ts';
import { engineActions, slot } from '../slot.ts';
import { spawnByName } from '../spawnByName.ts';
import { waitMachine } from '../wait.ts';
import { arrivalIn, withdrawalIn } from './arrivals.ts';
import { childCommand } from './children.ts';
import { openOf, type FlowMachineContext, type OpenRequest } from './context.ts';
import { artifactList } from '../../src/contracts/parts.ts';
import { arrivalsList } from '../../src/contracts/flow/record.ts';
import { startList, type FlowBodyInput, type FlowBodyOutput } from './effectTypes.ts';
import { endedRequest, type FlowEvent } from './events.ts';
import { defaultFlowSettings, type FlowSettings } from './settings.ts';

/** The delays that depend on the settings. */
export const flowDelaysOf = ({ grace }: FlowSettings) => ({ grace: () => grace });

const base = setup({
  types: {} as {
    context: FlowMachineContext;
    input: FlowStart;
    events: FlowEvent;
    output: FlowEnd;
    tags: 'paused' | 'stopping';
  },
  actors: { body: slot<FlowBodyOutput, FlowBodyInput>('body'), wait: waitMachine },
  delays: flowDelaysOf(defaultFlowSettings),
  guards: {
    isTooDeep: ({ context }) => context.depth > maxNestingDepth,
    isCompleted: ({ context }) => context.end?.status === 'completed',
    isCancelled: ({ context }) => context.end?.status === 'cancelled',
    isOver: ({ event }) => bodyOutputIn(event).status === 'completed',
    /** The body has more to do at once. */
    isBusy: ({ event }) => {
      const output = bodyOutputIn(event);
      return output.status === 'open' && output.busy;
    },
    /** The body does not make the calls that it has recorded. */
    hasDiverged: ({ event }) => childFailure(event).kind === 'diverged',
    isWithdrawn: ({ context, event }) => withdrawalIn(context, event) !== undefined,
    isArrival: ({ context, event }) => arrivalIn(context, event) !== undefined,
    hasNoChildren: ({ context }) => openOf(context, ['child']).length === 0,
  },
  actions: engineActions,
});

/** What the body came to. Use it on the end of the effect `body`, and nowhere else. */
const bodyOutputIn = (event: object): FlowBodyOutput => (event as { readonly output: FlowBodyOutput }).output;

const { enqueueActions } = base;

/** Tells children a command, each in its own words. */
const tellChildren = (command: 'pause' | 'resume') =>
  enqueueActions(({ context, enqueue }) => {
    for (const [id, { child = 'flow' }] of openOf(context, ['child'])) {
      const type = childCommand(child, command);
      if (type !== undefined) enqueue.sendTo<AnyActorRef>(id, { type });
    }
  });

/** The actions that depend on the settings. */
export const flowActionsOf = ({ deadline }: FlowSettings) => ({
  /** Its own deadline is a timer of it; that of its run comes from the engine. */
  watchDeadline: enqueueActions(({ enqueue }) => {
    if (deadline !== undefined) enqueue.raise({ type: 'troupe.deadline' }, { id: 'deadline', delay: deadline });
  }),
});

/** Opens what the body asks for. */
export const followRequests = enqueueActions(({ context, event, enqueue }) => {
  const output = bodyOutputIn(event);
  if (output.status !== 'open') return;
  const { at } = eventContextOf(event);
  const open = copyRecord(context.open);
  let { opened } = context;
  const known = new Set(Object.values(open).map(({ call }) => call));
  for (const request of output.requests) {
    // A body that was begun again asks again for what it waits for.
    if (known.has(request.call)) continue;
    const id = `call.${opened++}${request.anew === undefined ? '' : `.anew-${request.anew}`}`;
    open[id] = {
      kind: request.kind,
      call: request.call,
      ...(request.kind === 'child' ? { child: request.child } : {}),
    };
    if (request.kind === 'wait') enqueue.spawnChild('wait', { id, input: request.ticket });
    else if (request.kind === 'sleep')
      enqueue.raise({ type: 'flow.woke', request: id }, { id, delay: Math.max(1, request.until - at) });
    else {
      for (const artifact of request.artifacts ?? [])
        enqueue({ type: 'append', params: { list: artifactList, entry: asJson(artifact) } });
      // What a child starts with is an object.
      spawnByName(enqueue, request.source, id, request.input as object);
    }
  }
  enqueue.assign({ open, opened, followed: context.turn, signals: output.signals });
});

/** The complete setup of a flow's machine. */
export const flowSetup = base.extend({
  /** Every action by the name that the chart uses. */
  actions: {
    keepStart: enqueueActions(({ context: { start }, event, enqueue }) => {
      const { at } = eventContextOf(event);
      if (start) enqueue({ type: 'append', params: { list: startList, entry: asJson({ ...start, began: at }) } });
      enqueue({ type: 'append', params: { list: arrivalsList, entry: { begun: at } } });
      enqueue.assign({ start: undefined });
    }),
    ...flowActionsOf(defaultFlowSettings),
    countTurn: assign(({ context }) => ({ turn: context.turn + 1, told: context.arrivals, signals: undefined })),
    followRequests,
    takeArrival: enqueueActions(({ context, event, enqueue }) => {
      const arrival = arrivalIn(context, event);
      if (!arrival) return;
      enqueue({ type: 'append', params: { list: arrivalsList, entry: asJson(arrival) } });
      enqueue.assign({ arrivals: context.arrivals + 1 });
      const id = endedRequest(event);
      if (id === undefined) return;
      if (event.type !== 'flow.woke') enqueue.stopChild(id);
      enqueue.assign({ open: without(context.open, id) });
    }),
    pauseChildren: tellChildren('pause'),
    resumeChildren: tellChildren('resume'),
    notePaused: assign({ paused: true }),
    noteResumed: assign({ paused: false }),
    /** Tickets and timers are not waited for; children are told to stop. A machine of the user cannot be told, and is stopped at once. */
    stopRequests: enqueueActions(({ context, enqueue }) => {
      const reason = context.end?.status === 'cancelled' ? context.end.reason : 'The flow around it has ended.';
      for (const [id] of openOf(context, ['wait'])) enqueue.stopChild(id);
      for (const [id] of openOf(context, ['sleep'])) enqueue.cancel(id);
      const told: Record<string, OpenRequest> = {};
      for (const [id, request] of openOf(context, ['child'])) {
        const type = childCommand(request.child ?? 'flow', 'cancel');
        if (type === undefined) enqueue.stopChild(id);
        else {
          told[id] = request;
          enqueue.sendTo<AnyActorRef>(id, { type, reason });
        }
      }
      enqueue.assign({ open: told });
    }),
    dropChild: enqueueActions(({ context, event, enqueue }) => {
      const id = endedRequest(event);
      if (id === undefined || !context.open[id]) return;
      enqueue.stopChild(id);
      enqueue.assign({ open: without(context.open, id) });
    }),
    /** A flow ends by itself, when it has cleaned up. */
    abandonChildren: enqueueActions(({ context, enqueue }) => {
      const open = copyRecord(context.open);
      for (const [id, { child }] of openOf(context, ['child'])) {
        if (child === 'flow') continue;
        enqueue.stopChild(id);
        delete open[id];
      }
      enqueue.assign({ open });
    }),

    // How it ends.
    takeOutput: assign(({ event }) => {
      const output = bodyOutputIn(event);
      return output.status === 'completed' ? { end: output } : {};
    }),
    noteFailed: assign(({ event }) => ({ end: { status: 'failed' as const, failure: childFailure(event) } })),
    noteCancelled: assign(({ event }) => ({
      end: { status: 'cancelled' as const, reason: event.type === 'run.cancel' ? event.reason : '' },
    })),
    noteWithdrawn: assign(({ context, event }) => ({
      end: { status: 'cancelled' as const, reason: withdrawalIn(context, event) ?? '' },
    })),
    noteExpired: assign({ end: { status: 'failed' as const, failure: runExpired } }),
    noteTooDeep: assign(({ context }) => ({
      end: { status: 'failed' as const, failure: tooDeepFailure(context.depth) },
    })),
    saySettled: raise({ type: 'flow.settled' }),
  },
});
