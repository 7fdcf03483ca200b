/**
 * A step that is done once for each item of a list, where an item must wait for something: each is an actor of its own.
 *
 * FO1 Items begin in the order of the list, so many at a time as the step says.
 * FO2 All items come to an end, also when one has failed: their number decides in the end whether the step has failed.
 * FO3 The results are in the order of the items. What was used by all of them is added up.
 * FO4 An item that failed is tried again by itself, after a pause, as often as the step says. Others go on meanwhile, and none that has ended is repeated.
 */
import { fanOutEnd, initialFanOutContext, requestFrom } from './fanOut/context.ts';
import { fanOutSetup } from './fanOut/setup.ts';

/** The chart of a fan-out. Fill `prepareItems` and `gather`, and provide what an item is. */
export const fanOutMachine = fanOutSetup.createMachine({
  id: 'fanOut',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialFanOutContext(input),
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
  output: ({ context }) => fanOutEnd(context),
});
