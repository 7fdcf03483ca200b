/**
 * Input that comes while the agent works. It is read at the safe point, replaced, or refused. In any case it is in the transcript,
 * or among the dead letters with the reason.
 */
import type { InputPolicy, Note } from '../../src/contracts/input.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { makeFailure } from '../failure.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import type { AgentContext } from './context.ts';
import type { AgentEvent } from './events.ts';

/** How much input may wait for the model; more is refused. */
const maxInbox = 100;

/** What an action or a guard is given. */
export interface AgentActionArgs {
  readonly context: AgentContext;
  readonly event: AgentEvent;
}
const hasPolicy =
  (policy: InputPolicy) =>
  ({ context }: AgentActionArgs): boolean =>
    context.onInput === policy;
const isRoomy = ({ context }: AgentActionArgs): boolean => context.inbox.length < maxInbox;
const interrupts = (args: AgentActionArgs): boolean => hasPolicy('interrupt')(args) && isRoomy(args);

export const inputGuards = {
  hasInput: ({ context }: AgentActionArgs): boolean => context.inbox.length > 0,
  /** There is input that the model has not read: an answer that was given before does not count. */
  isBehind: ({ context }: AgentActionArgs): boolean => externalInput(context).length > 0,
  refusesInput: ({ context }: AgentActionArgs): boolean => inputRefusal(context) !== undefined,
  replacesInput: hasPolicy('latest'),
  interrupts,
  /** Nothing under way must be finished first. */
  interruptsAll: (args: AgentActionArgs): boolean =>
    interrupts(args) && args.context.calls.every(({ answered, guarded }) => answered === true || guarded !== true),
};

/** The transitions of a state that takes input and goes on with what it does. */
export const inputTransitions = [
  { guard: 'refusesInput' as const, actions: 'refuseInput' as const },
  { guard: 'replacesInput' as const, actions: 'replaceInput' as const },
  { actions: 'queueInput' as const },
];

/** The input that came from outside, without the agent's own reminders. */
export const externalInput = ({ inbox }: Pick<AgentContext, 'inbox'>): readonly Note[] =>
  inbox.filter(({ own }) => !own);
const reminders = ({ inbox }: AgentContext): readonly Note[] => inbox.filter(({ own }) => own);

export function notesOf(event: AgentEvent): readonly Note[] {
  if (event.type !== 'agent.input') return [];
  const { message } = eventContextOf(event);
  return [{ text: event.text, ...message }];
}
export const withReplaced = (context: AgentContext, event: AgentEvent): Pick<AgentContext, 'inbox'> => ({
  inbox: [...reminders(context), ...notesOf(event)],
});

/** The texts that are read before the next turn, and the input that waits for a later one. */
export function dueInput(context: AgentContext): {
  readonly texts: readonly string[];
  /** Those of the texts that came from outside. */
  readonly heard: readonly string[];
  readonly later: readonly Note[];
} {
  const waiting = externalInput(context);
  const due = context.onInput === 'queue' ? waiting.slice(0, 1) : waiting;
  const joined = due.length > 0 ? [due.map(({ text }) => text).join('\n\n')] : [];
  return {
    texts: [...reminders(context).map(({ text }) => text), ...joined],
    heard: due.map(({ text }) => text),
    later: waiting.slice(due.length),
  };
}

/** The action that stores input which is not read as a dead letter. */
export const deadLetterOf = ({ text, id, from }: Note, because: Failure) => ({
  type: 'bury' as const,
  params: {
    message: {
      type: 'agent.input',
      body: { type: 'agent.input', text },
      ...(id === undefined ? {} : { id }),
      ...(from === undefined ? {} : { from }),
    },
    failure: because,
  },
});

export const replacedInput = makeFailure(
  'conflict',
  'Newer input came before this was read, and the agent reads only the latest (onInput: "latest").',
  { onInput: 'latest' },
);
const rejection = makeFailure(
  'conflict',
  'The agent is at work and takes no input meanwhile (onInput: "reject"). Wait for its end, or start another run with what you want to say.',
  { onInput: 'reject' },
);
const inboxFull: Failure = {
  ...makeFailure(
    'mailbox_full',
    `The agent has ${maxInbox} notes waiting to be read, and takes no more before its next turn.`,
  ),
  retryable: true,
};
/** Why input is not taken now; undefined when it is. */
export const inputRefusal = ({ onInput, inbox }: Pick<AgentContext, 'onInput' | 'inbox'>): Failure | undefined => {
  if (onInput === 'reject') return rejection;
  return onInput !== 'latest' && inbox.length >= maxInbox ? inboxFull : undefined;
};
export const unreadInput = makeFailure('conflict', 'The agent ended before it had read this.');

/** A model call that is stopped may be billed, and its cost will not be known: it is charged with what was reserved for it. */
export const chargeStopped = ({ used, latest }: AgentContext): Pick<AgentContext, 'used'> => ({
  used: {
    ...used,
    steps: used.steps + 1,
    inputTokens: used.inputTokens + latest.tokens,
    usd: used.usd === null ? null : used.usd + latest.usd,
  },
});

/** The text that the model had written when it was stopped. */
export function partialIn(event: AgentEvent): string {
  const { text } = propertiesOf(eventContextOf(event).soFar?.('callModel'));
  return typeof text === 'string' ? text : '';
}

/** The trajectory's record of a turn that was stopped. */
export const interruptedTurn = ({ used, latest, tools }: AgentContext): Json => ({
  step: used.steps + 1,
  tier: tools.tier,
  means: 'interrupted',
  calls: [],
  tokens: latest.tokens,
});
