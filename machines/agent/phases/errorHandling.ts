/** Handles a failure: retry where it failed, try another approach, fall back to another resource, or abort with what there is. */
import { inputTransitions } from '../inputs.ts';
import { agentSetup } from '../setup.ts';

export const errorHandlingPhase = agentSetup.createStateConfig({
  id: 'errorHandling',
  tags: 'recovering',
  entry: 'noteSetback',
  initial: 'classify',
  on: {
    'agent.cancel': { target: '#cleanup', actions: 'settleCancelled' },
    'agent.input': inputTransitions,
    'budget.exhausted': { target: '.abort', actions: 'noteLate' },
  },
  states: {
    classify: {
      always: [
        { guard: 'shouldRetry', target: 'retry', actions: { type: 'countRecovery', params: { strategy: 'retry' } } },
        {
          guard: 'shouldTryAnother',
          target: 'alternativeApproach',
          actions: { type: 'countRecovery', params: { strategy: 'alternative' } },
        },
        {
          guard: 'shouldFallBack',
          target: 'fallback',
          actions: { type: 'countRecovery', params: { strategy: 'fallback' } },
        },
        { target: 'abort' },
      ],
    },
    retry: {
      after: { backoff: 'resuming' },
    },
    alternativeApproach: {
      always: { target: '#planning', actions: 'suggestAnother' },
    },
    fallback: {
      invoke: {
        src: 'fallback',
        id: 'fallback',
        input: ({ context }) => ({
          failure: context.failure ?? { kind: 'internal', message: '', retryable: false },
          phase: context.phase ?? 'execution',
          message: context.message,
          fallbacks: context.tries.fallback,
        }),
        onDone: 'resuming',
        onError: 'abort',
      },
      after: { phaseTimeout: 'abort' },
    },
    /** Goes on in the phase that failed: in the state that failed, or, in a phase that asks a model, with the check of the budget first. */
    resuming: {
      always: [
        { guard: 'isPauseWanted', target: 'holding' },
        { guard: { type: 'failedIn', params: { phase: 'execution' } }, target: '#safePoint', actions: 'forgetFailure' },
        { guard: { type: 'failedIn', params: { phase: 'planning' } }, target: '#planning', actions: 'forgetFailure' },
        {
          guard: { type: 'failedIn', params: { phase: 'requirements' } },
          target: '#requirements',
          actions: 'forgetFailure',
        },
        { target: '#resumePoint', actions: 'forgetFailure' },
      ],
    },
    holding: {
      entry: 'sayHeld',
      on: { 'agent.resume': 'resuming' },
    },
    abort: {
      always: { target: '#cleanup', actions: 'settleFailed' },
    },
  },
});
