/** The setup of a fan-out's machine before its actions: types, slots, delays and guards. */
import { setup } from 'xstate';
import type { StoredAgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import { engineActions, slot } from '../../slot.ts';
import { waitMachine } from '../../wait.ts';
import type { FanOutInput, ItemsRequest, PreparedItems } from '../effectTypes.ts';
import { endedChild, type FanOutEvent } from '../events.ts';
import { runningChildren } from '../updates.ts';
import { unreservedUsd, type FanOutContext } from './context.ts';

/** The number of the item that has ended, by the type of its event. */
export const itemOf = (type: string): string => endedChild(type)?.slice('item.'.length) ?? '';

/** A pause ends by itself after a week. Milliseconds. */
const longestHold = 7 * 24 * 60 * 60_000;

/** The setup of a fan-out's machine without its actions. */
export const fanOutBase = setup({
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
      const left = unreservedUsd(context);
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

/** Where many run at once, a few begin together: each beginning stores what is under way, and that grows with their number. */
function atOnce(concurrency: number): number {
  return Math.max(1, Math.floor(concurrency / 8));
}
