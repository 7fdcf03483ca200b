/**
 * A router: assigns tasks to the members that it supervises, and sees that every task gets a result.
 *
 * Q1 Each submitted task gets exactly one result, and the results are in the order of submission. Each piece of work from above is answered with one
 *    `work.done`.
 * Q2 A task that no member can take is refused at once. A task that a member can take later waits, but never beyond its deadline.
 * Q3 The steps that were used and the steps that are reserved for running attempts never exceed the limit together.
 * Q4 An attempt that is stopped ends before the next one starts: its member is told to stop, has a grace period, and is then terminated.
 * Q5 The context holds the running attempts and a bounded number of tasks. Everything that grows is in the lists `tasks` and `results`.
 */
import { deadlineTransitions, settledTransitions, withSettings, finalStates } from '../lifecycle.ts';
import { initialRouterContext, routerOutputOf } from './context.ts';
import type { RouterSettings } from './settings.ts';
import { routerActionsOf } from './actions.ts';
import { routerDelaysOf, routerGuardsOf } from './guards.ts';
import { routerSetup } from './setup.ts';

/** The chart of a router with default settings; `routerWith` gives it others. */
export const routerMachine = routerSetup.createMachine({
  id: 'router',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialRouterContext(input),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: {
        'router.settled': settledTransitions,
      },
      states: {
        lifecycle: {
          initial: 'starting',
          states: {
            starting: { always: { target: 'working', actions: 'open' } },
            working: {
              always: { guard: 'isOver', target: 'collecting' },
              on: {
                'orchestra.task': { guard: 'takesTasks', actions: 'takeTask' },
                'orchestra.close': { actions: 'close' },
                'orchestra.cancel': { actions: 'cancelAll' },
                'orchestra.reset': { actions: 'reset' },
                'orchestra.configure': { actions: 'configure' },
                work: { actions: 'takeWork' },
                'work.cancel': { actions: 'cancelWork' },
                'work.done': { actions: 'takeDone' },
                'xstate.done.actor.task.*': { actions: 'takeEnd' },
                'xstate.error.actor.task.*': { actions: 'takeFailure' },
                'xstate.done.actor.select.*': { actions: 'takeChoice' },
                'xstate.error.actor.select.*': { actions: 'takeChoiceFailure' },
                'xstate.done.actor.standing.*': { actions: 'takeFall' },
                'xstate.error.actor.standing.*': { actions: 'takeFall' },
                'treasury.lease': { actions: 'askAbove' },
                'treasury.granted': { actions: 'takeMoney' },
                'treasury.refused': { actions: 'takeMoney' },
                'xstate.done.actor.guard': { actions: 'noteGuardLost' },
                'xstate.error.actor.guard': { actions: 'noteGuardLost' },
                'attempt.late': { actions: 'noteLate' },
                'grace.over': { actions: 'abandon' },
                'task.again': { actions: 'tryAgain' },
                'task.due': { actions: 'noteDue' },
                'member.rested': { actions: 'takeBack' },
              },
            },
            collecting: {
              // The router is over: events that come now change nothing.
              on: {
                'orchestra.*': {},
                'member.rested': {},
                'work.done': {},
                'xstate.done.actor.standing.*': {},
                'xstate.error.actor.standing.*': {},
                'xstate.done.actor.guard': {},
                'xstate.error.actor.guard': {},
              },
              invoke: {
                src: 'collect',
                id: 'collect',
                input: null,
                onDone: { target: 'settled', actions: 'keepResults' },
                onError: { target: 'settled', actions: 'noteUncollected' },
              },
            },
            settled: { type: 'final', entry: 'saySettled' },
          },
        },
        control: {
          initial: 'running',
          states: {
            running: {
              always: { guard: 'isDue', actions: 'dispatch' },
              on: {
                'orchestra.pause': { target: 'paused', actions: 'tellPause' },
                'orchestra.resume': {},
                'work.pause': { actions: 'tellPause' },
                'work.resume': { actions: 'tellResume' },
              },
            },
            paused: {
              tags: 'paused',
              on: {
                'orchestra.pause': {},
                'orchestra.resume': { target: 'running', actions: 'tellResume' },
              },
            },
          },
        },
        reading: {
          initial: 'ahead',
          states: {
            ahead: { always: { guard: 'hasMore', target: 'loading' } },
            loading: {
              invoke: {
                src: 'load',
                id: 'load',
                input: ({ context }) => ({ from: context.loaded, count: context.halt ? 256 : 64 }),
                onDone: { target: 'ahead', actions: 'takeLoaded' },
                onError: { target: 'blind', actions: 'noteUnread' },
              },
            },
            blind: {},
          },
        },
        clock: {
          initial: 'looking',
          states: {
            looking: { always: [{ guard: 'isBounded', target: 'ticking' }, { target: 'unbounded' }] },
            ticking: deadlineTransitions('late', { own: 'noteOverdue', run: 'noteExpired' }),
            unbounded: { on: { 'troupe.deadline': { target: 'late', actions: 'noteExpired' } } },
            late: {},
          },
        },
      },
    },
    ...finalStates,
  },
  output: ({ context }) => routerOutputOf(context),
});

/** The machine of a router with these settings. Its members are provided by their ids. */
export const routerWith = (settings: RouterSettings): typeof routerMachine =>
  withSettings(routerMachine, { guards: routerGuardsOf, delays: routerDelaysOf, actions: routerActionsOf }, settings);
