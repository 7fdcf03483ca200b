/**
 * A phase that asks the model one question before the turns begin. It holds while a pause is wanted. Input that interrupts starts the phase again.
 * A call that was stopped, by input or because the phase took too long, is charged with what was reserved for it.
 */
import { agentSetup, modelCallInput } from '../setup.ts';

interface ModelPhase<Working extends string> {
  /** The id of the phase; its failures name it. */
  readonly phase: 'requirements' | 'planning';
  /** Whether the settings ask for it. */
  readonly wanted: 'asksForAnalysis' | 'asksForPlan';
  /** Where it leads if they do not. */
  readonly next: string;
  /** The state in which the model is asked. */
  readonly working: Working;
  readonly effect: 'analyze' | 'plan';
  /** Whether what the agent was lent is too little for the phase, and its lender may give more. */
  readonly isShort: 'mustLeaseForAnalysis' | 'mustLeaseForPlan';
  readonly onDone: readonly {
    readonly guard?: 'isFollowable' | 'mayRequery';
    readonly target: string;
    readonly actions: readonly ('pay' | 'appendAnalysis' | 'appendPlan' | 'countRequery' | 'noteBadPlan')[];
  }[];
}

/** `isLent`: a lender is asked for what the question costs before it is asked, as before every turn. */
export const modelPhase = <Working extends string>(
  { phase, wanted, next, working, effect, isShort, onDone }: ModelPhase<Working>,
  isLent: boolean,
) =>
  agentSetup.createStateConfig({
    id: phase,
    initial: 'considering',
    states: {
      considering: {
        always: [
          ...(isLent ? [{ guard: isShort, target: 'leasing' }] : []),
          { guard: 'isExhausted', target: '#errorHandling', actions: 'noteExhausted' },
          { guard: wanted, target: 'asking' },
          { target: next },
        ],
      },
      ...(isLent
        ? {
            leasing: {
              entry: 'askForMore' as const,
              on: {
                'treasury.granted': {
                  guard: 'isOfLease' as const,
                  target: 'considering',
                  actions: 'takeLease' as const,
                },
                'treasury.refused': {
                  guard: 'isOfLease' as const,
                  target: '#errorHandling',
                  actions: 'noteNoMore' as const,
                },
              },
            },
          }
        : {}),
      asking: {
        always: [{ guard: 'isPauseWanted', target: 'holding' }, { target: working }],
      },
      holding: {
        entry: 'sayHeld',
        on: { 'agent.resume': 'considering' },
      },
      [working]: {
        tags: 'thinking',
        on: {
          'agent.input': {
            guard: 'interrupts',
            target: 'considering',
            actions: ['chargeStopped', 'queueInput', 'deliverInput'],
          },
        },
        invoke: {
          src: effect,
          id: effect,
          input: modelCallInput,
          onDone,
          onError: { target: '#errorHandling', actions: ['pay', { type: 'keepFailure', params: { phase } }] },
        },
        after: {
          phaseTimeout: {
            target: '#errorHandling',
            actions: ['chargeStopped', { type: 'noteTimeout', params: { phase } }],
          },
        },
      },
    },
  });
