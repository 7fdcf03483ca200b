/**
 * A flow: an async function whose calls are recorded. One effect, `body`, runs the function; what takes time without being done here (a person, a pause, a
 * child) is asked of this chart, and arrives as a message.
 *
 * FL1 The body is let go on whenever something arrives for it, also while it is at work, and never waits for anything but what it has asked for.
 * FL2 What it asks for is opened in the commit that takes its request; the same request is never opened twice.
 * FL3 However it goes, the flow ends: with what its body returns or throws, a cancel, a question that was withdrawn, or its deadline. Then its body has the time to stop
 *    that its effect gives it, and its children have a grace period. Children that are flows are waited for longer: each ends by itself, when it has cleaned up.
 *    One that has diverged while it was told to stop has not cleaned up: the flow fails with that, so that the code can be put right.
 * FL4 While it is paused the body begins no call. What arrives meanwhile is kept for it.
 */
import { finalStates, pauseRegion, settledTransitions, withSettings } from '../lifecycle.ts';
import { initialFlowContext } from './context.ts';
import { defaultFlowSettings, type FlowSettings } from './settings.ts';
import { flowActionsOf, flowDelaysOf, flowSetup } from './setup.ts';

/** Something has arrived: the body is told of it at once. */
const arrivals = {
  'flow.signal': { target: '#advancing', reenter: true, actions: 'takeArrival' },
  'flow.woke': { target: '#advancing', reenter: true, actions: 'takeArrival' },
  'flow.wake': { target: '#advancing', reenter: true },
  'xstate.done.actor.call.*': [
    { guard: 'isWithdrawn', target: '#stopping', actions: ['noteWithdrawn', 'takeArrival'] },
    { guard: 'isArrival', target: '#advancing', reenter: true, actions: 'takeArrival' },
  ],
  // Without a transition it would end the flow: one that nobody waits for changes nothing.
  'xstate.error.actor.call.*': { target: '#advancing', reenter: true, actions: 'takeArrival' },
  'run.pause': { target: '#advancing', reenter: true, actions: ['notePaused', 'pauseChildren'] },
  'run.resume': { target: '#advancing', reenter: true, actions: ['noteResumed', 'resumeChildren'] },
  'run.cancel': { target: '#stopping', actions: 'noteCancelled' },
  'troupe.deadline': { target: '#stopping', actions: 'noteExpired' },
} as const;

/** The chart of a flow with default settings; `flowWith` gives it others. */
export const flowMachine = flowSetup.createMachine({
  id: 'flow',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialFlowContext(input),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: { 'flow.settled': settledTransitions },
      states: {
        lifecycle: {
          initial: 'starting',
          states: {
            starting: {
              always: [
                { guard: 'isTooDeep', target: 'settled', actions: 'noteTooDeep' },
                { target: 'working', actions: ['keepStart', 'watchDeadline'] },
              ],
            },
            working: {
              initial: 'advancing',
              on: arrivals,
              states: {
                advancing: {
                  id: 'advancing',
                  entry: 'countTurn',
                  invoke: {
                    src: 'body',
                    id: 'body',
                    input: ({ context: { turn, followed, arrivals: count, paused } }) => ({
                      turn,
                      followed,
                      arrivals: count,
                      paused,
                    }),
                    onDone: [
                      { guard: 'isOver', target: '#stopping', actions: 'takeOutput' },
                      { guard: 'isBusy', target: 'advancing', reenter: true, actions: 'followRequests' },
                      { target: 'waiting', actions: 'followRequests' },
                    ],
                    onError: { target: '#stopping', actions: 'noteFailed' },
                  },
                },
                waiting: {},
              },
            },
            stopping: {
              id: 'stopping',
              tags: 'stopping',
              initial: 'body',
              entry: 'stopRequests',
              after: { grace: { actions: 'abandonChildren' } },
              on: {
                'xstate.done.actor.call.*': { actions: 'dropChild' },
                'xstate.error.actor.call.*': { actions: 'dropChild' },
              },
              states: {
                body: {
                  always: { guard: 'isCompleted', target: 'children' },
                  invoke: {
                    src: 'body',
                    id: 'body',
                    input: ({ context: { turn, followed, arrivals: count, end } }) => ({
                      turn,
                      followed,
                      arrivals: count,
                      paused: false,
                      stop: end?.status === 'cancelled' ? end.reason : 'The flow has ended.',
                    }),
                    onDone: 'children',
                    onError: [
                      { guard: 'hasDiverged', target: 'children', actions: 'noteFailed' },
                      { target: 'children' },
                    ],
                  },
                },
                children: {
                  always: { guard: 'hasNoChildren', target: '#settled' },
                },
              },
            },
            settled: { id: 'settled', type: 'final', entry: 'saySettled' },
          },
        },
        control: pauseRegion,
      },
    },
    ...finalStates,
  },
  output: ({ context }) => context.end ?? { status: 'cancelled', reason: 'It ended without an outcome.' },
});

/** The machine of a flow with these settings. Its body and its children are provided. */
export const flowWith = (settings: FlowSettings = defaultFlowSettings): typeof flowMachine =>
  withSettings(flowMachine, { guards: () => ({}), delays: flowDelaysOf, actions: flowActionsOf }, settings);
