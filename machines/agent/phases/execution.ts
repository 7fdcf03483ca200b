/**
 * The turns: think, act, and between two turns a safe point where a pause, input, the budget and the tools are looked at.
 *
 * However `acting` is left, every call of the turn gets a result, so that the transcript never has a call without one.
 */
import { agentSetup, modelCallInput } from '../setup.ts';

/** What an agent takes beside the ends of its calls while others work for it: requests for more of its budget, and answers to its own. */
const lendingTransitions = {
  'treasury.lease': { actions: 'lend' },
  'treasury.granted': { guard: 'isOfLease', actions: 'lendMore' },
  'treasury.refused': { guard: 'isOfLease', actions: 'lendNoMore' },
} as const;

/** What an agent does in addition that reserves the most that a call can cost: the call is measured first, and made once so much was lent, or all there is. */
const measuring = {
  choosing: [{ guard: 'mustMeasure', target: 'choosing', actions: 'beginReservation' }],
  // The call was not made yet.
  thinking: [{ guard: 'isShort', target: 'leasing', actions: 'noteReservation' }],
} as const;
const notMeasuring = { choosing: [], thinking: [] } as const;

const executionPhaseWith = (
  lending: Partial<typeof lendingTransitions>,
  measured: typeof measuring | typeof notMeasuring,
) =>
  agentSetup.createStateConfig({
    id: 'execution',
    initial: 'choosing',
    states: {
      choosing: {
        id: 'safePoint',
        always: [
          { guard: 'hasFailure', target: '#errorHandling' },
          { guard: 'failsTooOften', target: '#errorHandling', actions: 'noteToolFailures' },
          { guard: 'isLooping', target: '#errorHandling', actions: 'noteLoop' },
          { guard: 'isPauseWanted', target: 'holding' },
          { guard: 'shouldDegrade', target: 'choosing', actions: 'degrade' },
          ...measured.choosing,
          { guard: 'mayAskForMore', target: 'leasing' },
          { guard: 'mayAskPerson', target: 'asking', actions: 'plead' },
          { guard: 'isExhausted', target: '#errorHandling', actions: 'noteExhausted' },
          { guard: 'isEvaluationDue', target: '#transition' },
          { guard: 'hasInput', target: 'thinking', actions: 'deliverInput' },
          { target: 'thinking' },
        ],
      },
      /** The allowance is short: the lender is asked for more before it is spent. */
      leasing: {
        entry: 'askForMore',
        on: {
          'treasury.granted': { guard: 'isOfLease', target: 'choosing', actions: 'takeLease' },
          'treasury.refused': { guard: 'isOfLease', target: '#errorHandling', actions: 'noteNoMore' },
        },
      },
      /** The agent's own budget is short: only a person can grant more. */
      asking: {
        invoke: {
          src: 'wait',
          id: 'ticket',
          // The action `plead` put it there on entry.
          input: ({ context }) => context.purse.plea!,
          onDone: [
            { guard: 'isGranted', target: 'choosing', actions: 'takeGrant' },
            { target: '#errorHandling', actions: 'noteNoGrant' },
          ],
          onError: { target: '#errorHandling', actions: { type: 'keepFailure', params: { phase: 'execution' } } },
        },
      },
      holding: {
        entry: 'sayHeld',
        on: { 'agent.resume': 'choosing' },
      },
      thinking: {
        tags: 'thinking',
        on: { 'agent.input': { guard: 'interrupts', target: 'choosing', actions: ['keepPartial', 'queueInput'] } },
        invoke: {
          src: 'callModel',
          id: 'callModel',
          input: modelCallInput,
          onDone: [
            ...measured.thinking,
            { guard: 'isPriceless', target: '#errorHandling', actions: ['takeAnswer', 'notePriceless', 'answerCalls'] },
            { guard: 'isAnswer', target: '#verification', actions: ['takeAnswer', 'answerCalls', 'keepAnswer'] },
            { guard: 'wantsCalls', target: 'choosing', actions: ['takeAnswer', 'noteCalls', 'answerCalls'] },
            {
              guard: 'hasNoCallsLeft',
              target: '#errorHandling',
              actions: ['takeAnswer', 'noteCallsSpent', 'answerCalls'],
            },
            { guard: 'hasCalls', target: 'acting', actions: ['takeAnswer', 'openLoans', 'startCalls'] },
            { guard: 'isRefusal', target: '#errorHandling', actions: ['takeAnswer', 'noteRefusal', 'answerCalls'] },
            {
              guard: 'isUnusableAgain',
              target: '#errorHandling',
              actions: ['takeAnswer', 'noteUnusable', 'answerCalls'],
            },
            { guard: 'isUnusable', target: 'choosing', actions: ['takeAnswer', 'answerCalls', 'requery'] },
            // Only calls that are not made, or an answer that was given before the latest input was read.
            { target: 'choosing', actions: ['takeAnswer', 'answerCalls'] },
          ],
          onError: {
            target: '#errorHandling',
            actions: ['pay', { type: 'keepFailure', params: { phase: 'execution' } }],
          },
        },
      },
      acting: {
        tags: 'acting',
        on: {
          'agent.input': [
            { guard: 'interruptsAll', target: 'choosing', actions: 'queueInput' },
            { guard: 'interrupts', actions: ['interruptCalls', 'queueInput'] },
          ],
          'xstate.done.actor.call.*': [
            { guard: 'isLastCall', target: 'choosing' },
            { actions: ['settleLoan', 'recordOutcome'] },
          ],
          'xstate.error.actor.call.*': [
            { guard: 'isLastCall', target: 'choosing' },
            { actions: ['settleLoan', 'recordOutcome'] },
          ],
          ...lending,
        },
        // The outcome that leads out of this state is recorded here, too.
        exit: 'closeCalls',
      },
    },
  });

/** The turns of an agent whose tools are no agents. */
export const executionPhase = executionPhaseWith({}, notMeasuring);
/** The turns of an agent that calls others. */
export const lendingExecutionPhase: typeof executionPhase = executionPhaseWith(lendingTransitions, notMeasuring);
/** The turns of an agent that reserves the most that a call of the model can cost. */
export const reservingExecutionPhase: typeof executionPhase = executionPhaseWith({}, measuring);
/** The turns of an agent that does both. */
export const lendingReservingExecutionPhase: typeof executionPhase = executionPhaseWith(lendingTransitions, measuring);
