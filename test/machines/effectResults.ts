/** Results of effects for the machine tests: short functions for long shapes. */
import type { AgentAnswer, AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { Failure, FailureKind } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import type { ToolTier, Usage } from '../../src/contracts/model.ts';
import type { ParsedAnswer, ParsedCall } from '../../machines/agent/effectTypes.ts';
import { defaultAgentLimits, defaultAgentSettings, type AgentSettings } from '../../machines/agent/settings.ts';
import { done, failed } from '../../src/testing/play.ts';

export const usage = (tokens = 15, usd: number | null = 0.001): Usage => ({
  inputTokens: tokens - 5,
  outputTokens: 5,
  cachedTokens: 0,
  reported: true,
  usd,
});
export const used: AgentUsage = {
  steps: 1,
  inputTokens: 10,
  outputTokens: 5,
  cachedTokens: 0,
  toolCalls: 0,
  usd: 0.001,
};

export const settings = (
  change: Partial<Omit<AgentSettings, 'limits'>> & { limits?: Partial<AgentSettings['limits']> } = {},
): AgentSettings => ({ ...defaultAgentSettings, ...change, limits: { ...defaultAgentLimits, ...change.limits } });

const base = { text: '', usage: usage(), model: 'test:model', calls: [] };
const modelAnswer = (change: Partial<ParsedAnswer> & Pick<ParsedAnswer, 'means'>) =>
  done('callModel', { ...base, ...change });

interface CallOptions {
  readonly input?: Json;
  readonly tier?: ToolTier;
  readonly how?: 'run' | 'write' | 'ask' | 'refused' | 'delegate';
}
/** A tool call as parsed from the model's answer. */
export function call(
  name: string,
  { input = {}, tier = 'core', how = 'run' }: CallOptions = {},
  index = 0,
): ParsedCall {
  const facts = { tier, effect: how === 'run' ? 'read' : 'write', idempotent: false, belt: false } as const;
  const shared = { id: `${name}-${index}`, name, input: input as never, hash: `${name}:${JSON.stringify(input)}` };
  if (how === 'refused') return { ...shared, how, why: `there is no tool "${name}"` };
  if (how === 'run') return { ...shared, ...facts, how };
  if (how === 'delegate') {
    const delegate = { type: 'task', body: 'Do it.', left: {}, who: { kind: 'agent' as const } };
    return { ...shared, ...facts, how: 'guarded', ask: false, patience: 1_000, delegate };
  }
  return { ...shared, ...facts, how: 'guarded', ask: how === 'ask', patience: 1_000 };
}

/** The model calls tools. */
export const calls = (...facts: ParsedCall[]) =>
  modelAnswer({
    calls: facts.map((each, index) => ({ ...each, id: `${each.id}.${index}` })),
    means: { kind: 'calls' },
  });
/** The same answer, with text beside the calls. */
export const withText = (text: string, event: ReturnType<typeof calls>) => ({
  ...event,
  output: { ...(event.output as ParsedAnswer), text },
});
/** The model gives its answer. */
export const answers = (body: string, answer: AgentAnswer = { type: 'text', body }) =>
  modelAnswer({ text: body, means: { kind: 'answer', answer } });
export const unusableAnswer = (problem = 'it is empty.') => modelAnswer({ means: { kind: 'unusable', problem } });
export const refusalAnswer = (says = 'I must not.') => modelAnswer({ text: says, means: { kind: 'refusal', says } });
/** The model was not asked: more must be reserved for the call first. */
export const isShort = (most: Budget, least: Budget) =>
  modelAnswer({ usage: usage(5, 0), means: { kind: 'short', most, least } });
export const wants = (tier: ToolTier) =>
  modelAnswer({
    calls: [{ id: 'w', name: 'request_tools', input: { tier }, hash: tier, how: 'settled', content: 'Asked for.' }],
    means: { kind: 'calls' },
    wants: tier,
  });
export const withUsage = (event: ReturnType<typeof answers>, price: Usage) => ({
  ...event,
  output: { ...(event.output as ParsedAnswer), usage: price },
});

export const toolReturns = (index: number, content = 'ok') => done(`call.${index}`, { content });
export const toolFails = (index: number, kind: FailureKind = 'tool') => failed(`call.${index}`, fault(kind));
export const fault = (kind: FailureKind, message = `${kind} trouble`): Failure => ({
  kind,
  message,
  retryable: kind === 'transient' || kind === 'timeout',
});
export const modelFails = (kind: FailureKind = 'transient') => failed('callModel', fault(kind));

export const task = { type: 'task', body: 'Say what is in the file.' };
