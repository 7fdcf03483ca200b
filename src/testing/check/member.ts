/**
 * A member of a team reduced to its contract: it takes a message, may ask a person first when it has calls that need one, and answers with
 * any of the replies, or fails, or is stopped. How it finds its answer is checked by a check of the member itself.
 */
import { assign, setup } from 'xstate';
import type { AgentAnswer, AgentInput, AgentOutput, AgentSignal } from '../../contracts/agent.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import { zeroUsage } from '../../../machines/usage.ts';
import { slot } from '../../../machines/slot.ts';
import { waitMachine } from '../../../machines/wait.ts';
import type { PendingEffect } from '../../contracts/pending.ts';
import type { Member } from '../../define/member.ts';
import type { AnyAgent } from '../../define/runnable.ts';
import { jsonObject, jsonText } from '../jsonValues.ts';

/** What a member may do next: answer, or ask a person. */
export type MemberStep = { readonly answer: AgentAnswer } | { readonly asks: true };
/** The message that a member works on, and whether it has asked a person already. */
export interface MemberWork {
  /** The type of the message. */
  readonly type: string;
  /** Has it asked a person already? */
  readonly asked: boolean;
}

// XState types the events of an invoke only by their name; the machine below invokes nothing but `work` and `wait`.
const outputIn = (event: unknown) => (event as { output: MemberStep }).output;
const errorIn = (event: unknown) => (event as { error?: unknown }).error;
const timeUp = new TroupeError('budget', 'The deadline of the member has passed.');
const ended = (thrown: unknown): AgentOutput => ({
  status: 'failed',
  failure: toFailure(thrown),
  phase: 'execution',
  evidence: [],
  usage: zeroUsage,
});

const member = setup({
  types: {} as {
    context: { readonly type: string; readonly asked: boolean; readonly end: AgentOutput };
    input: AgentInput;
    events: AgentSignal | { type: 'troupe.member' };
    output: AgentOutput;
  },
  actors: { work: slot<MemberStep, MemberWork>('work'), wait: waitMachine },
  guards: {
    asks: ({ event }) => 'asks' in outputIn(event),
    /** Not when it was restarted too often: that failure is not answered, it goes up to the supervisor. */
    lives: ({ event }) => toFailure(errorIn(event)).kind !== 'restarts',
  },
  actions: {
    noteAsked: assign({ asked: true }),
    keepAnswer: assign(({ event }) => {
      const next = outputIn(event);
      if (!('answer' in next)) return {};
      return { end: { status: 'completed' as const, answer: next.answer, evidence: [], usage: zeroUsage } };
    }),
    keepFailure: assign(({ event }) => ({ end: ended(errorIn(event)) })),
    keepCancelled: assign(() => ({ end: { status: 'cancelled' as const, reason: 'told to', usage: zeroUsage } })),
    keepLate: assign(() => ({ end: ended(timeUp) })),
  },
});

const question = {
  question: 'May it be done?',
  schema: { type: 'object', properties: { approved: { type: 'boolean' } }, required: ['approved'] },
  deadline: 1,
  onExpiry: { default: { approved: false } },
};

/** The machine of a member. Without a `deadline` (milliseconds) it works for as long as it takes: the runtime's own limit of a day is not explored. */
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

/** The deadline of a member that has one. */
export const deadlineOf = (member: Member): { readonly deadline?: number } =>
  'deadline' in member && typeof member.deadline === 'number' ? { deadline: member.deadline } : {};

/** The message that a member works on, as its `work` effect was given it. */
export function memberWorkOf(effect: PendingEffect): MemberWork {
  const { type, asked } = jsonObject(effect.data.input);
  return { type: jsonText(type), asked: asked === true };
}

interface Composed {
  readonly members: Readonly<Record<string, Member>> | readonly { readonly agent: Member }[];
}

const membersOf = (member: Member): readonly Member[] => {
  // Every kind but an agent and a pool has members, by name or as a list.
  const entries: readonly (Member | { readonly agent: Member })[] = Object.values(
    (member as Member & Composed).members,
  );
  return entries.map((entry) => ('agent' in entry ? entry.agent : entry));
};

/** Does it, or any member below it, have a call that a person must approve? */
export const asksPeople = (member: Member): boolean => {
  if (member.kind === 'pool') return false;
  if (member.kind !== 'agent') return membersOf(member).some(asksPeople);
  // The kind says that it is an agent; `Member` lists only what all kinds share.
  const { tools, definition } = member as AnyAgent;
  return (
    tools.length > 0 &&
    (definition('').approve !== undefined || tools.some((tool) => 'approval' in tool && tool.approval))
  );
};
