/**
 * A workflow: steps that depend on each other, from its parameters to its result.
 *
 * WF1 A step begins when all steps before it have ended, and only then. What can begin begins at once, up to the limit of steps.
 * WF2 What begins, what is skipped and what was transformed is decided by one effect from the records of the steps that have ended. Records are never changed.
 * WF3 The first step that fails, without more attempts and without leave to fail, ends the workflow. Steps under way are told to stop and have a grace period to do so.
 * WF4 However it goes, the workflow ends: by its steps, a cancel, its deadline, its budget, or because nothing can happen any more.
 * WF5 While it is paused no step begins. What was decided meanwhile is decided again when it goes on.
 */
import { clockRegion, pauseRegion, finalStates, settledTransitions, withSettings } from '../lifecycle.ts';
import { initialWorkflowContext, busySteps, reservedUsd, workflowEndOf } from './context.ts';
import { workflowDelaysOf } from './setupBase.ts';
import type { WorkflowSettings } from './settings.ts';
import { workflowSetup } from './setup.ts';

/** The chart of a workflow with default settings; `workflowWith` gives it others. */
export const workflowMachine = workflowSetup.createMachine({
  id: 'workflow',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialWorkflowContext(input),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: {
        'workflow.settled': settledTransitions,
        // Whether people could be told of an approval changes nothing; a failure that nobody takes would end the workflow.
        'xstate.error.actor.notify.*': {},
      },
      states: {
        lifecycle: {
          initial: 'starting',
          states: {
            starting: {
              always: [
                { guard: 'isTooDeep', target: 'settled', actions: 'noteTooDeep' },
                { target: 'working', actions: 'keepStart' },
              ],
            },
            working: {
              initial: 'choosing',
              on: {
                'run.cancel': { target: 'stopping', actions: 'noteCancelled' },
                'run.pause': { actions: 'pauseSteps' },
                'run.resume': { actions: 'resumeSteps' },
                'workflow.late': { target: 'stopping', actions: 'noteLate' },
                'step.retry': { actions: 'endRest' },
                'step.late': { actions: ['stopLate', 'takeLate'] },
                'step.approval': { actions: 'notifyApproval' },
                'xstate.done.actor.step.*': { actions: 'takeStep' },
                'xstate.error.actor.step.*': { actions: 'takeStep' },
              },
              states: {
                choosing: {
                  always: [
                    { guard: 'isPaused', target: 'held' },
                    { guard: 'hasNews', target: 'deciding' },
                  ],
                },
                deciding: {
                  entry: 'noteAsked',
                  invoke: {
                    src: 'decide',
                    id: 'decide',
                    input: ({ context }) => ({
                      records: context.records,
                      busy: busySteps(context),
                      spentUsd: context.metrics.cost_usd,
                      reservedUsd: reservedUsd(context),
                    }),
                    onDone: [
                      // The decision is not kept: it is asked for again on resume.
                      { guard: 'isPaused', target: 'held' },
                      { guard: 'isEnd', target: '#ending', actions: ['followDecision', 'takeOutcome'] },
                      { guard: 'isStuck', target: '#ending', actions: 'noteStuck' },
                      { target: 'choosing', actions: 'followDecision' },
                    ],
                    onError: { target: '#ending', actions: 'noteDecisionFailed' },
                  },
                },
                held: {
                  on: { 'run.resume': { target: 'deciding', actions: 'resumeSteps' } },
                },
              },
            },
            stopping: {
              id: 'ending',
              tags: 'stopping',
              initial: 'telling',
              states: {
                telling: {
                  entry: 'cancelSteps',
                  always: [{ guard: 'hasRunning', target: 'waiting' }, { target: '#settled' }],
                },
                waiting: {
                  on: {
                    'xstate.done.actor.step.*': [
                      { guard: 'isLastStep', target: '#settled', actions: 'takeStep' },
                      { actions: 'takeStep' },
                    ],
                    'xstate.error.actor.step.*': [
                      { guard: 'isLastStep', target: '#settled', actions: 'takeStep' },
                      { actions: 'takeStep' },
                    ],
                  },
                  after: { grace: { target: '#settled', actions: 'abandonSteps' } },
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
  output: ({ context }) => workflowEndOf(context),
});

/** The machine of a workflow with these settings. Its steps are provided by name. */
export const workflowWith = (settings: WorkflowSettings): typeof workflowMachine =>
  withSettings(workflowMachine, { guards: () => ({}), delays: workflowDelaysOf, actions: () => ({}) }, settings);
