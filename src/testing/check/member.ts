/**
 * A member of a team as its contract has it: it takes a message, may wait for a person first when it has calls that need one, and answers
 * with any of the replies, or fails, or is told to stop. How it comes to its answer is its own affair, and is checked by itself.
 */
import { assign, setup } from 'xstate';
import type { AgentAnswer, AgentInput, AgentOutput, AgentSignal } from '../../contracts/agent.ts';
import { toFailure, TroupeError } from '../../contracts/failure.ts';
import { nothingUsed } from '../../../machines/agent/context.ts';
import { slot } from '../../../machines/slot.ts';
import { waitMachine } from '../../../machines/wait.ts';
import type { Member } from '../../member.ts';
import type { AnyAgent } from '../../subject.ts';

/** What a member may do next. */
export type Deed = { readonly answer: AgentAnswer } | { readonly asks: true };
export interface Working {
  readonly type: string;
  readonly asked: boolean;
}

const output = (event: unknown) => (event as { output: Deed }).output;
const timeUp = new TroupeError('budget', 'The deadline of the member has passed.');
const ended = (thrown: unknown): AgentOutput => ({
  status: 'failed',
  failure: toFailure(thrown),
  phase: 'execution',
  evidence: [],
  usage: nothingUsed,
});

const member = setup({
  types: {} as {
    context: { readonly type: string; readonly asked: boolean; readonly end: AgentOutput };
    input: AgentInput;
    events: AgentSignal | { type: 'troupe.member' };
    output: AgentOutput;
  },
  actors: { work: slot<Deed, Working>('work'), wait: waitMachine },
  guards: {
    asks: ({ event }) => 'asks' in output(event),
    /** It was restarted too often: that is not answered, it goes up. */
    lives: ({ event }) => toFailure((event as { error?: unknown }).error).kind !== 'restarts',
  },
  actions: {
    noteAsked: assign({ asked: true }),
    keepAnswer: assign(({ event }) => {
      const deed = output(event);
      if (!('answer' in deed)) return {};
      return { end: { status: 'completed' as const, answer: deed.answer, evidence: [], usage: nothingUsed } };
    }),
    keepFailure: assign(({ event }) => ({ end: ended((event as { error?: unknown }).error) })),
    keepCancelled: assign(() => ({ end: { status: 'cancelled' as const, reason: 'told to', usage: nothingUsed } })),
    keepLate: assign(() => ({ end: ended(timeUp) })),
  },
});

const question = {
  question: 'May it be done?',
  schema: { type: 'object', properties: { approved: { type: 'boolean' } }, required: ['approved'] },
  deadline: 1,
  onExpiry: { default: { approved: false } },
};

/** Without a deadline of its own it works for as long as it takes: what the runtime sets after a day nobody should have to wait for. */
export const memberMachine = ({ deadline }: { readonly deadline?: number | undefined }) =>
  member.createMachine({
    id: 'member',
    context: ({ input }) => ({ type: input.type, asked: false, end: ended(timeUp) }),
    initial: 'working',
    on: {
      'agent.cancel': { target: '.ended', actions: 'keepCancelled' },
      'agent.pause': {},
      'agent.resume': {},
      'agent.input': {},
    },
    ...(deadline === undefined ? {} : { after: { [deadline]: { target: '.ended', actions: 'keepLate' } } }),
    states: {
      working: {
        invoke: {
          src: 'work',
          id: 'work',
          input: ({ context: { type, asked } }) => ({ type, asked }),
          onDone: [
            { guard: 'asks', target: 'waiting', actions: 'noteAsked' },
            { target: 'ended', actions: 'keepAnswer' },
          ],
          onError: { guard: 'lives', target: 'ended', actions: 'keepFailure' },
        },
      },
      waiting: { invoke: { src: 'wait', id: 'wait', input: question, onDone: 'working', onError: 'working' } },
      ended: { type: 'final' },
    },
    output: ({ context }) => context.end,
  });

type Below = Readonly<Record<string, Member>> | readonly { readonly agent: Member }[];
const belowOf = (member: Member): readonly Member[] => {
  const { members } = member as unknown as { readonly members: Below };
  return Array.isArray(members)
    ? members.map(({ agent }: { readonly agent: Member }) => agent)
    : Object.values(members as Readonly<Record<string, Member>>);
};

/** Has it, or has anybody below it, anything that a person must agree to? */
export const asksPeople = (member: Member): boolean => {
  if (member.kind !== 'agent') return belowOf(member).some(asksPeople);
  const { tools, definition } = member as AnyAgent;
  return (
    tools.length > 0 &&
    (definition('').approve !== undefined || tools.some((tool) => 'approval' in tool && tool.approval))
  );
};
