/**
 * The calls of one turn. A result goes into the transcript when it comes; the context only notes that it came, because results may be large (E6).
 * Every call gets a result: however a turn ends, `closed` makes one for each call that has none yet.
 */
import type { Failure } from '../../src/values/failure.ts';
import type { Message, ToolResult } from '../../src/contracts/model.ts';
import type { AgentContext, OpenCall } from './context.ts';
import type { Reading, ReadCall, ToolOutcome } from './effectTypes.ts';
import { sentence, stoppedFor } from './prompts.ts';

/** How many of the latest calls are searched for a loop. */
const horizon = 20;

export const resultOf = (
  { id, name }: Pick<OpenCall, 'id' | 'name'>,
  { ok, content }: Pick<ToolOutcome, 'ok' | 'content'>,
): ToolResult => ({ id, name, ok, content });

export const isMade = (call: ReadCall): call is ReadCall & { how: 'run' | 'guarded' } =>
  call.how === 'run' || call.how === 'guarded';

export const opened = (calls: readonly ReadCall[]): OpenCall[] =>
  calls.map((call) => {
    const { id, name } = call;
    if (!isMade(call)) return { id, name, answered: true };
    if (call.how !== 'guarded') return { id, name };
    return { id, name, guarded: true, ...(call.delegate ? { delegated: true } : {}) };
  });

/** The results of calls that are not made. */
export const unmade = (calls: readonly ReadCall[]): ToolResult[] =>
  calls.flatMap((call) => {
    if (call.how === 'refused') return [resultOf(call, { ok: false, content: call.why })];
    if (call.how === 'settled') return [resultOf(call, { ok: true, content: call.content })];
    return [];
  });

/** The child of a call: `call.0`, `call.1` …, by its index in the turn. */
export const callId = (index: number): string => `call.${index}`;

/** The children of calls that delegates work on. */
export const delegatedCalls = ({ calls }: Pick<AgentContext, 'calls'>): string[] =>
  calls.flatMap(({ delegated, answered }, index) => (delegated && !answered ? [callId(index)] : []));

/** The calls to keep when the turn is left: those of delegates, which are still to say what they used. */
export const leavingOnly = (calls: readonly OpenCall[]): OpenCall[] =>
  calls.some(isHandedOn)
    ? calls.map((call) => ({ ...call, answered: true, ...(isHandedOn(call) ? { leaving: true } : {}) }))
    : [];
const isHandedOn = ({ delegated, answered }: OpenCall): boolean => delegated === true && !answered;

/** The children of delegates that were told to stop and have not ended. */
export const leaving = ({ calls }: Pick<AgentContext, 'calls'>): string[] =>
  calls.flatMap((call, index) => (call.leaving ? [callId(index)] : []));

export const withoutLeaving = (calls: readonly OpenCall[], index: number): OpenCall[] =>
  calls.map(({ leaving: isLeaving, ...call }, i) =>
    isLeaving && i !== index ? { ...call, leaving: isLeaving } : call,
  );

export const withAnswer = (calls: readonly OpenCall[], index: number): OpenCall[] =>
  calls.map((call, i) => (i === index ? { ...call, answered: true } : call));

/** The result of the call that ended; none if it was answered already. */
export const ended = (calls: readonly OpenCall[], index: number, outcome: ToolOutcome): ToolResult[] => {
  const call = calls[index];
  return call && !call.answered ? [resultOf(call, outcome)] : [];
};

/** A result for every call that has none: it says why. */
export const closed = (calls: readonly OpenCall[], why: string): ToolResult[] =>
  calls.filter(({ answered }) => !answered).map((call) => resultOf(call, { ok: false, content: why }));

/** The model's answer as a message of the transcript. */
export const said = ({ text, calls }: Reading): Message => ({
  role: 'assistant',
  text,
  calls: calls.map(({ id, name, input, unreadable }) => ({
    id,
    name,
    input,
    ...(unreadable === undefined ? {} : { unreadable }),
  })),
});

/** The hashes of the latest calls, these included. */
export const remembered = (recent: readonly string[], calls: readonly ReadCall[]): string[] =>
  [...recent, ...calls.filter((call) => call.how !== 'settled').map(({ hash }) => hash.slice(0, 12))].slice(-horizon);

/** Whether the latest call was made so many times. */
export const isLooping = ({ recent }: Pick<AgentContext, 'recent'>, maxRepeats: number): boolean => {
  if (recent.length < maxRepeats) return false;
  const latest = recent[recent.length - 1];
  return recent.filter((hash) => hash === latest).length >= maxRepeats;
};

/** Why the turn was closed before its calls were answered, in words for the model. */
export const closingWords = (event: { type: string; reason?: string }, failure: Failure | undefined): string => {
  if (event.type === 'agent.input') return stoppedFor;
  if (event.type === 'agent.cancel')
    return `Stopped before it answered: cancelled (${event.reason ?? 'no reason given'}). It may or may not have happened.`;
  return `Stopped before it answered: ${sentence(failure?.message ?? 'the task ended')} It may or may not have happened.`;
};

/** Why calls were not made at all, in words for the model. */
export const notMade = (failure: Failure | undefined): string => `Not made: ${failure?.message ?? 'the turn is over.'}`;
