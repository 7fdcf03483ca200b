/**
 * The work of one agent in a workflow: the model is asked, its calls of tools are made, and its answer is judged.
 *
 * AS1 The model is asked as often as the step says at most, and once more to correct a text that cannot be read; as often again after a person has decided on a
 *    call. No tools are offered in the last turn.
 * AS2 What breaks the schema is corrected in one round, and a draft is reflected upon once. Every way ends with a judged end.
 * AS3 Calls are made in their order, a write by itself. One that a person must allow is not made before, and whoever has begun the step is told that it waits.
 * AS4 No call of a model begins that could cost more than what is left of the budget.
 * AS5 A sub-agent is an agent step of its own. Those that are called in a row work at once, eight at most. What it has used counts as used by the step, however it ends; its failure is one of a tool.
 */
import { agentStepEnd, initialAgentStepContext, spentBy } from './agentStep/context.ts';
import { agentStepSetup } from './agentStep/setup.ts';
import { briefingFor } from './agentStep/subAgents.ts';

/** What is asked of the model now. */
const question = (about: 'task' | 'reflection', offer: (turns: number, maxTurns: number) => boolean) =>
  function questionOf({ context }: { context: ReturnType<typeof initialAgentStepContext> }) {
    const { metrics, turns, maxTurns } = context;
    return { about, number: metrics.llm_calls + 1, offer: offer(turns, maxTurns), spent: spentBy(context) };
  };
const never = () => false;

/** An agent step. Fill `discover`, `ask`, `runTool`, `brief` and `subAgent`, and those of `toolCall`. */
export const agentStepMachine = agentStepSetup.createMachine({
  id: 'agentStep',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialAgentStepContext(input),
  initial: 'preparing',
  on: {
    'agent.cancel': [
      // It says what it has used.
      { guard: 'hasSubAgentAtWork', actions: ['tellSubAgents', 'failCancelled'] },
      { target: '.ended', actions: 'failCancelled' },
    ],
    'agent.pause': { actions: ['notePause', 'tellSubAgents'] },
    'agent.resume': { actions: ['noteResume', 'tellSubAgents'] },
    'step.approval': { actions: 'passNotice' },
  },
  states: {
    preparing: {
      entry: 'storeTask',
      always: [{ guard: 'hasServers', target: 'discovering' }, { target: 'ready' }],
    },
    discovering: {
      tags: 'acting',
      invoke: {
        src: 'discover',
        id: 'discover',
        input: ({ context }) => ({ servers: context.servers }),
        onDone: { target: 'ready', actions: 'storeTools' },
        onError: { target: 'ended', actions: 'failDiscovery' },
      },
    },
    /** Between two turns: a pause is kept here. */
    ready: {
      always: [
        { guard: 'isPaused', target: 'held' },
        { guard: 'isLastTurn', target: 'asking', actions: 'sayLastTurn' },
        { target: 'asking' },
      ],
    },
    held: {
      tags: 'paused',
      on: { 'agent.resume': { target: 'ready', actions: 'noteResume' } },
      after: { patience: { target: 'ended', actions: 'failPause' } },
    },
    asking: {
      tags: 'thinking',
      entry: 'countTurn',
      invoke: {
        src: 'ask',
        id: 'ask',
        // The turn was counted on entry.
        input: question('task', (turns, maxTurns) => turns < maxTurns),
        onDone: [
          { guard: 'isDraftToReflect', target: 'reflecting', actions: ['takeAnswer', 'beginReflection'] },
          { guard: 'isJudged', target: 'ended', actions: ['takeAnswer', 'keepEnd'] },
          { guard: 'isRepairable', target: 'repairing', actions: ['takeAnswer', 'askForRepair'] },
          { guard: 'isViolating', target: 'ended', actions: ['takeAnswer', 'keepEnd'] },
          { guard: 'isStray', target: 'ended', actions: ['takeAnswer', 'failStray'] },
          { guard: 'hasCalls', target: 'choosing', actions: ['takeAnswer', 'queueCalls'] },
          { guard: 'isUnreadable', target: 'turning', actions: ['takeAnswer', 'askForJson'] },
          { target: 'turning', actions: 'takeAnswer' },
        ],
        onError: { target: 'ended', actions: 'failModel' },
      },
    },
    /** The calls of a turn are made in their order; reads in a row run together, and so do sub-agents. */
    choosing: {
      always: [
        { guard: 'isBusy', target: 'calling' },
        { guard: 'hasFault', target: 'ended' },
        { guard: 'isAgentCall', target: 'briefing' },
        { guard: 'hasMoreCalls', target: 'calling', actions: 'startCalls' },
        { target: 'turning' },
      ],
    },
    briefing: {
      tags: 'acting',
      invoke: {
        src: 'brief',
        id: 'brief',
        input: ({ context }) => briefingFor(context),
        onDone: { target: 'choosing', actions: 'startSubAgents' },
        onError: { target: 'choosing', actions: 'refuseSubAgents' },
      },
    },
    calling: {
      tags: 'acting',
      on: {
        'xstate.done.actor.call.*': { target: 'choosing', actions: 'recordOutcome' },
        'xstate.error.actor.call.*': { target: 'choosing', actions: 'recordOutcome' },
      },
    },
    turning: {
      always: [
        { guard: 'hasTurns', target: 'ready' },
        { guard: 'mayCorrect', target: 'correcting' },
        { target: 'ended', actions: 'failTurns' },
      ],
    },
    repairing: {
      always: [{ guard: 'hasTurns', target: 'ready' }, { target: 'correcting' }],
    },
    /** The one free call after the last turn. */
    correcting: {
      tags: 'thinking',
      invoke: {
        src: 'ask',
        id: 'ask',
        input: question('task', never),
        onDone: [
          { guard: 'isDraftToReflect', target: 'reflecting', actions: ['takeAnswer', 'beginReflection'] },
          { guard: 'isJudged', target: 'ended', actions: ['takeAnswer', 'keepEnd'] },
          { guard: 'isViolating', target: 'ended', actions: ['takeAnswer', 'keepEnd'] },
          { target: 'ended', actions: ['takeAnswer', 'noteUnreadable', 'failTurns'] },
        ],
        onError: { target: 'ended', actions: 'failModel' },
      },
    },
    reflecting: {
      tags: 'thinking',
      invoke: {
        src: 'ask',
        id: 'ask',
        input: question('reflection', never),
        onDone: [
          { guard: 'isJudged', target: 'ended', actions: ['takeReflection', 'keepEnd'] },
          {
            guard: 'mayCorrectReflection',
            target: 'reflecting',
            reenter: true,
            actions: ['takeReflection', 'correctReflection'],
          },
          { guard: 'isViolating', target: 'ended', actions: ['takeReflection', 'keepEnd'] },
          { target: 'ended', actions: ['takeReflection', 'failReflection'] },
        ],
        onError: { target: 'ended', actions: 'failModel' },
      },
    },
    ended: { type: 'final' },
  },
  output: ({ context }) => agentStepEnd(context),
});
