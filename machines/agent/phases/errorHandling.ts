/** Something failed: try again where it failed, go about it in another way, let something else take over, or give up with what there is. */
import { onInput } from '../inputs.ts';
import { agent } from '../vocabulary.ts';

export const errorHandling = agent.createStateConfig({
  id: 'errorHandling',
  tags: 'recovering',
  entry: 'noteSetback',
  initial: 'classify',
  on: {
    'agent.cancel': { target: '#cleanup', actions: 'settleCancelled' },
    'agent.input': onInput,
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
    /** Where it failed is where it goes on: to the point itself, or, where a model would be called, to the question whether it may. */
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
