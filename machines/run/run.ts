/**
 * A run: the members of a team work on one task, from its first message to its result.
 *
 * R1 Messages are routed one at a time, in the order in which they arrived. While one is routed, the others wait.
 * R2 No member starts while the run is paused, or once turns or budget are used up. While others hold the rest of the budget, a message waits.
 * R3 However the run ends, every member at work is told to stop and has a grace period to do so.
 * R4 A supervisor is started when it is first needed. If it ends while it has work, the run fails; otherwise it is started again when needed.
 */
import { clockRegion, pauseRegion, settledTransitions, withSettings, finalStates } from '../lifecycle.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { initialRunContext, runOutputOf } from './context.ts';
import type { RunSettings } from './settings.ts';
import { runActionsOf } from './actions.ts';
import { runDelaysOf, runGuardsOf } from './guards.ts';
import { runSetup } from './setup.ts';

/** The chart of a run with default settings; `runWith` gives it others. */
export const runMachine = runSetup.createMachine({
  id: 'run',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialRunContext(input, eventContextOf({ input }).at),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: {
        'run.settled': settledTransitions,
      },
      states: {
        lifecycle: {
          initial: 'starting',
          states: {
            starting: {
              always: [
                { guard: 'isTooDeep', target: 'settled', actions: 'noteTooDeep' },
                { target: 'working', actions: ['appendFirst', 'openTreasury'] },
              ],
            },
            working: {
              initial: 'choosing',
              on: {
                'run.cancel': { target: 'stopping', actions: 'settleCancelled' },
                'run.pause': { actions: 'pauseMembers' },
                'run.resume': { actions: 'resumeMembers' },
                'run.late': { target: 'stopping', actions: 'noteLate' },
                'xstate.done.actor.member.*': [
                  { guard: 'isAnswer', actions: ['settleLease', 'takeEnd'] },
                  { target: 'stopping', actions: ['noteMemberFailed', 'takeEnd'] },
                ],
                'treasury.*': { actions: 'carryWord' },
                'xstate.error.actor.treasurer': { target: 'stopping', actions: 'noteTreasurerFailed' },
                'xstate.error.actor.member.*': { target: 'stopping', actions: ['noteMemberFailed', 'takeEnd'] },
                'work.done': [
                  { guard: 'isStray' },
                  { guard: 'isAnswer', actions: ['settleLease', 'takeEnd'] },
                  { target: 'stopping', actions: ['noteMemberFailed', 'takeEnd'] },
                ],
                'xstate.done.actor.standing.*': [
                  { guard: 'isStray', actions: 'takeFall' },
                  { target: 'stopping', actions: ['noteFallen', 'takeFall'] },
                ],
                'xstate.error.actor.standing.*': [
                  { guard: 'isStray', actions: 'takeFall' },
                  { target: 'stopping', actions: ['noteFallen', 'takeFall'] },
                ],
              },
              states: {
                choosing: {
                  always: [
                    { guard: 'isPaused', target: 'held' },
                    { guard: 'hasUnrouted', target: 'routing' },
                    { guard: 'hasWorkers', target: 'delegating' },
                    { target: '#ending', actions: 'noteSilence' },
                  ],
                },
                routing: {
                  invoke: {
                    src: 'route',
                    id: 'route',
                    input: ({ context }) => ({ index: context.routed }),
                    onDone: [
                      // The decision is not kept: the route is asked again on resume.
                      { guard: 'isPaused', target: 'held' },
                      { guard: 'isFinish', target: '#ending', actions: 'settleCompleted' },
                      { guard: 'isTooMany', target: '#ending', actions: 'noteTooMany' },
                      { guard: 'isBudgeted', target: 'leasing', actions: 'askLease' },
                      { target: 'choosing', actions: 'delegate' },
                    ],
                    onError: { target: '#ending', actions: 'noteRouteFailed' },
                  },
                },
                delegating: {
                  always: { guard: 'hasUnrouted', target: 'choosing' },
                },
                leasing: {
                  on: {
                    'treasury.granted': { guard: 'isOurs', target: 'granted' },
                    'treasury.refused': { guard: 'isOurs', target: '#ending', actions: 'noteSpent' },
                  },
                },
                granted: {
                  always: [
                    // As with a route: the messages to send are asked for again on resume.
                    { guard: 'isPaused', target: 'held', actions: 'giveBack' },
                    { target: 'choosing', actions: 'delegate' },
                  ],
                },
                held: {
                  on: { 'run.resume': { target: 'choosing', actions: 'resumeMembers' } },
                },
              },
            },
            stopping: {
              id: 'ending',
              tags: 'stopping',
              initial: 'telling',
              states: {
                telling: {
                  entry: ['stopMembers', 'closeTreasury'],
                  always: [{ guard: 'hasWorkers', target: 'waiting' }, { target: '#settled' }],
                },
                waiting: {
                  on: {
                    'xstate.done.actor.member.*': [
                      { guard: 'isLastWorker', target: '#settled', actions: 'takeEnd' },
                      { actions: 'takeEnd' },
                    ],
                    'xstate.error.actor.member.*': [
                      { guard: 'isLastWorker', target: '#settled', actions: 'takeEnd' },
                      { actions: 'takeEnd' },
                    ],
                    'work.done': [
                      { guard: 'isLastWorker', target: '#settled', actions: 'takeEnd' },
                      { actions: 'takeEnd' },
                    ],
                    'xstate.done.actor.standing.*': [
                      { guard: 'isLastWorker', target: '#settled', actions: 'takeFall' },
                      { actions: 'takeFall' },
                    ],
                    'xstate.error.actor.standing.*': [
                      { guard: 'isLastWorker', target: '#settled', actions: 'takeFall' },
                      { actions: 'takeFall' },
                    ],
                  },
                  after: { grace: { target: '#settled', actions: 'abandonMembers' } },
                },
              },
            },
            settled: { id: 'settled', type: 'final', entry: 'saySettled' },
          },
        },
        control: pauseRegion,
        clock: clockRegion,
      },
    },
    ...finalStates,
  },
  output: ({ context }) => runOutputOf(context),
});

/** The machine of a run with these settings. Its members are provided by name. */
export const runWith = (settings: RunSettings): typeof runMachine =>
  withSettings(runMachine, { guards: runGuardsOf, delays: runDelaysOf, actions: runActionsOf }, settings);
