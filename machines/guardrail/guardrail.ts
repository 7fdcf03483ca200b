/**
 * A guardrail: it checks work before it reaches the machines that it supervises, and the result before it goes back.
 * Its circuit breaker (the region `door`) opens when too much fails: for a while (open), or until a person resets it (tripped).
 */
import { withSettings } from '../lifecycle.ts';
import { initialGuardrailContext } from './context.ts';
import { defaultGuardrailSettings, type GuardrailSettings } from './settings.ts';
import { stoppedOutput } from './refusal.ts';
import { guardrailActionsOf } from './actions.ts';
import { guardrailDelaysOf, guardrailGuardsOf } from './guards.ts';
import { guardrailSetup } from './setup.ts';

const resetSchema = {
  type: 'object',
  properties: { reset: { type: 'boolean' } },
  required: ['reset'],
  additionalProperties: false,
};

const chartWith = (settings: Pick<GuardrailSettings, 'name' | 'ticket' | 'bare'>) =>
  guardrailSetup.createMachine({
    id: 'guardrail',
    options: { maxIterations: 1000 },
    context: ({ input }) => initialGuardrailContext(input),
    initial: 'active',
    states: {
      active: {
        type: 'parallel',
        entry: ['startBelow', 'takeFirst'],
        on: {
          'guardrail.settled': 'settled',
          'guardrail.stop': { target: 'stopped', actions: 'endAll' },
        },
        states: {
          door: {
            initial: 'closed',
            on: {
              'guardrail.reset': { target: '.closed', actions: ['restartBelow', 'reset'] },
              'guardrail.trip': { target: '.tripped', actions: 'noteTripped' },
              'xstate.done.actor.below': { target: '.tripped', actions: 'noteTripped' },
              'xstate.error.actor.below': { target: '.tripped', actions: 'noteTripped' },
            },
            states: {
              closed: {
                id: 'closed',
                on: {
                  'guardrail.passed': { guard: 'isOfNow', actions: 'forgetFailures' },
                  'guardrail.failed': [
                    { guard: 'isGrave', target: 'tripped', actions: 'noteTripped' },
                    { guard: 'isTooMany', target: 'open', actions: 'noteOpen' },
                    { guard: 'isOfNow', actions: 'countFailure' },
                  ],
                },
              },
              open: { tags: 'shut', after: { rest: 'halfOpen' } },
              halfOpen: {
                initial: 'ready',
                on: { 'guardrail.failed': { guard: 'isOfNow', target: 'open', actions: 'noteOpen' } },
                states: {
                  ready: {
                    on: {
                      work: [
                        { guard: 'isTwice' },
                        { guard: 'isUnknown' },
                        { guard: 'isRejected' },
                        { target: 'trying' },
                      ],
                    },
                  },
                  trying: {
                    tags: 'shut',
                    on: {
                      'guardrail.passed': { guard: 'isOfNow', target: '#closed' },
                      'guardrail.spared': { guard: 'isOfNow', target: 'ready' },
                    },
                  },
                },
              },
              tripped: {
                tags: 'shut',
                initial: 'asking',
                states: {
                  asking: {
                    tags: 'waiting',
                    invoke: {
                      src: 'wait',
                      id: 'reset',
                      input: ({ context: { why } }) => ({
                        question: `The guardrail "${settings.name}" has tripped and lets nothing through: ${why}. May it be reset?`,
                        schema: resetSchema,
                        deadline: settings.ticket,
                        onExpiry: 'fail' as const,
                      }),
                      onDone: [
                        {
                          guard: { type: 'isReset', params: ({ event }) => event.output },
                          target: '#closed',
                          actions: ['restartBelow', 'reset'],
                        },
                        { target: 'shut' },
                      ],
                      onError: 'shut',
                    },
                  },
                  shut: {},
                },
              },
            },
          },
          works: {
            initial: 'idle',
            on: {
              work: [
                { guard: 'isTwice' },
                { guard: 'isTripped', actions: 'refuseTripped' },
                { guard: 'isOpen', actions: 'refuseOpen' },
                { guard: 'isTrying', actions: 'refuseTrying' },
                { guard: 'isUnknown', actions: 'refuseUnknown' },
                { guard: 'isRejected', actions: 'reject' },
                { actions: 'admit' },
              ],
              'xstate.done.actor.check.*': [{ guard: 'isPassed', actions: 'proceed' }, { actions: 'turnAway' }],
              'xstate.error.actor.check.*': { actions: 'turnAwayBroken' },
              'check.late': { guard: 'isAsked', actions: 'turnAwaySilent' },
              'watch.due': { guard: 'isUnderWay', actions: 'watch' },
              'xstate.done.actor.task.*': { actions: 'takeEnd' },
              'xstate.error.actor.task.*': { actions: 'takeEnd' },
              // The end of work that was given up changes nothing.
              'work.done': [{ guard: 'isMine', actions: 'takeEnd' }, {}],
              'xstate.done.actor.standing.*': { actions: 'takeFall' },
              'xstate.error.actor.standing.*': { actions: 'takeFall' },
              'treasury.lease': { actions: 'askAbove' },
              'treasury.granted': { actions: 'takeMoney' },
              'treasury.refused': { actions: 'takeMoney' },
              'work.late': { guard: 'isUnderWay', actions: 'stopLate' },
              'grace.over': { guard: 'isStopping', actions: 'abandon' },
              'work.cancel': { actions: 'cancel' },
              'work.pause': { actions: 'pause' },
              'work.resume': { actions: 'resume' },
              'troupe.deadline': { actions: 'expire' },
              'xstate.done.actor.below': { actions: 'endAll' },
              'xstate.error.actor.below': { actions: 'endAll' },
            },
            states: {
              idle: { always: { guard: 'hasPassages', target: 'busy' } },
              busy: { always: { guard: 'hasNone', target: 'idle' } },
            },
          },
        },
      },
      settled: { type: 'final' },
      stopped: { type: 'final' },
    },
    output: ({ context: { output } }) => ({
      ...(output ?? stoppedOutput({ how: 'cancelled', reason: 'the guardrail was stopped' })),
      ...(settings.bare ? { bare: true } : {}),
    }),
  });

/** The machine of a guardrail with these settings. The supervised machines, or the guardrail below, are provided by name. */
export const guardrailWith = (settings: GuardrailSettings) =>
  withSettings(
    chartWith(settings),
    { guards: guardrailGuardsOf, delays: guardrailDelaysOf, actions: guardrailActionsOf },
    settings,
  );

/** The machine of a guardrail with default settings. */
export const guardrailMachine = guardrailWith(defaultGuardrailSettings);
