/**
 * The calls of one turn. A result goes into the transcript when it comes; the context only notes that it came, because results may be large (E6).
 * Every call gets a result: however a turn ends, `closed` makes one for each call that has none yet.
 */
import type { Failure } from '../../src/values/failure.ts';
import type { Artifact, MediaPart } from '../../src/contracts/media.ts';
import { partsField } from './artifacts.ts';
import type { Message, ToolResult } from '../../src/contracts/model.ts';
import type { AgentContext, PendingCall } from './context.ts';
import type { ParsedAnswer, ParsedCall, ToolOutcome } from './effectTypes.ts';
import { withFullStop, interruptedResult } from './prompts.ts';

/** How many of the latest calls are searched for a loop. */
const loopWindow = 20;

export const toolResultOf = (
  { id, name }: Pick<PendingCall, 'id' | 'name'>,
  {
    ok,
    content,
    artifacts,
    parts,
  }: Pick<ToolOutcome, 'ok' | 'content'> & {
    readonly artifacts?: readonly Artifact[];
    readonly parts?: readonly MediaPart[];
  },
): ToolResult => ({
  id,
  name,
  ok,
  content,
  ...partsField(artifacts, parts),
});

export const isExecutable = (call: ParsedCall): call is ParsedCall & { how: 'run' | 'guarded' } =>
  call.how === 'run' || call.how === 'guarded';

export const pendingCalls = (calls: readonly ParsedCall[]): PendingCall[] =>
  calls.map((call) => {
    const { id, name } = call;
    if (!isExecutable(call)) return { id, name, answered: true };
    if (call.how !== 'guarded') return { id, name };
    return { id, name, guarded: true, ...(call.delegate ? { delegated: true } : {}) };
  });

/** The results of calls that are not made. */
export const resultsOfUnmadeCalls = (calls: readonly ParsedCall[]): ToolResult[] =>
  calls.flatMap((call) => {
    if (call.how === 'refused') return [toolResultOf(call, { ok: false, content: call.why })];
    if (call.how === 'settled') return [toolResultOf(call, { ok: true, content: call.content })];
    return [];
  });

/** The child of a call: `call.0`, `call.1` …, by its index in the turn. */
export const callChildId = (index: number): string => `call.${index}`;

/** The children of calls that delegates work on. */
export const runningDelegates = ({ calls }: Pick<AgentContext, 'calls'>): string[] =>
  calls.flatMap(({ delegated, answered }, index) => (delegated && !answered ? [callChildId(index)] : []));

/** The calls to keep when the turn is left: those of delegates, which are still to say what they used. */
export const stoppingOnly = (calls: readonly PendingCall[]): PendingCall[] =>
  calls.some(isHandedOn)
    ? calls.map((call) => ({ ...call, answered: true, ...(isHandedOn(call) ? { leaving: true } : {}) }))
    : [];
const isHandedOn = ({ delegated, answered }: PendingCall): boolean => delegated === true && !answered;

/** The children of delegates that were told to stop and have not ended. */
export const stoppingDelegates = ({ calls }: Pick<AgentContext, 'calls'>): string[] =>
  calls.flatMap((call, index) => (call.leaving ? [callChildId(index)] : []));

export const withoutStopping = (calls: readonly PendingCall[], index: number): PendingCall[] =>
  calls.map(({ leaving: isLeaving, ...call }, i) =>
    isLeaving && i !== index ? { ...call, leaving: isLeaving } : call,
  );

export const withAnswer = (calls: readonly PendingCall[], index: number): PendingCall[] =>
  calls.map((call, i) => (i === index ? { ...call, answered: true } : call));

/** The result of the call that ended; none if it was answered already. */
export const resultOfEndedCall = (calls: readonly PendingCall[], index: number, outcome: ToolOutcome): ToolResult[] => {
  const call = calls[index];
  return call && !call.answered ? [toolResultOf(call, outcome)] : [];
};

/** A result for every call that has none: it says why. */
export const resultsForUnanswered = (calls: readonly PendingCall[], why: string): ToolResult[] =>
  calls.filter(({ answered }) => !answered).map((call) => toolResultOf(call, { ok: false, content: why }));

/** The model's answer as a message of the transcript. */
export const assistantMessage = ({ text, calls, provider, artifacts }: ParsedAnswer): Message => ({
  role: 'assistant',
  text,
  calls: calls.map(({ id, name, input, unreadable }) => ({
    id,
    name,
    input,
    ...(unreadable === undefined ? {} : { unreadable }),
  })),
  ...(provider === undefined ? {} : { provider }),
  ...partsField(artifacts),
});

/** The hashes of the latest calls, these included. */
export const rememberedHashes = (recent: readonly string[], calls: readonly ParsedCall[]): string[] =>
  [...recent, ...calls.filter((call) => call.how !== 'settled').map(({ hash }) => hash.slice(0, 12))].slice(
    -loopWindow,
  );

/** Whether the latest call was made so many times. */
export const isLooping = ({ recent }: Pick<AgentContext, 'recent'>, maxRepeats: number): boolean => {
  if (recent.length < maxRepeats) return false;
  const latest = recent[recent.length - 1];
  return recent.filter((hash) => hash === latest).length >= maxRepeats;
};

/** Why the turn was closed before its calls were answered, in words for the model. */
export const closingReason = (event: { type: string; reason?: string }, failure: Failure | undefined): string => {
  if (event.type === 'agent.input') return interruptedResult;
  if (event.type === 'agent.cancel')
    return `Stopped before it answered: cancelled (${event.reason ?? 'no reason given'}). It may or may not have happened.`;
  return `Stopped before it answered: ${withFullStop(failure?.message ?? 'the task ended')} It may or may not have happened.`;
};

/** Why calls were not made at all, in words for the model. */
export const notMadeReason = (failure: Failure | undefined): string =>
  `Not made: ${failure?.message ?? 'the turn is over.'}`;
