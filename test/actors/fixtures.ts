/** A gateway with given answers, tools that are functions, and an effect scope without an engine. */
import type { AgentDefinition } from '../../src/contracts/agent.ts';
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { Json } from '../../src/values/json.ts';
import type { Message, ModelAnswer, ModelChoice, ModelRequest, ToolCall, ToolInfo } from '../../src/contracts/model.ts';
import type { AgentDeps, ToolCatalog } from '../../actors/tools.ts';
import { virtualClock } from '../../src/testing/clock.ts';

export const answer = (text: string, ...calls: ToolCall[]): ModelAnswer => ({
  text,
  calls,
  reason: calls.length > 0 ? 'calls' : 'stop',
  usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 0, reported: true, usd: 0.001 },
  model: 'test:model',
});

/** Gives one answer after the other, and records the requests. */
export function gateway(...answers: ModelAnswer[]) {
  const asked: { choice: ModelChoice; request: ModelRequest }[] = [];
  return {
    asked,
    answer(choice: ModelChoice, request: ModelRequest) {
      asked.push({ choice, request });
      const next = answers.shift();
      return next ? Promise.resolve(next) : Promise.reject(new Error('The model was asked once more than expected.'));
    },
  };
}

export const info = (name: string, change: Partial<ToolInfo> = {}): ToolInfo => ({
  name,
  description: name,
  input: { type: 'object' },
  effect: 'read',
  tier: 'core',
  capabilities: [],
  approval: false,
  source: 'local',
  ...change,
});

export const tools = (infos: readonly ToolInfo[], change: Partial<ToolCatalog> = {}): ToolCatalog => ({
  epoch: 0,
  list: (_, { allow } = {}) => Promise.resolve(infos.filter(({ name }) => allow?.includes(name) ?? true)),
  call: (name) => Promise.resolve(`${name} says ok`),
  idempotent: () => false,
  ...change,
});

export function scope(lists: Record<string, readonly Json[]> = {}): EffectScope {
  return {
    key: 'agent/a/1/0',
    actor: 'agent/a',
    run: 'r',
    signal: new AbortController().signal,
    deadline: undefined,
    clock: virtualClock(),
    again: false,
    list: (name) => Promise.resolve(lists[name] ?? []),
    progress: () => {},
  };
}

export const definition = (change: Partial<AgentDefinition> = {}): AgentDefinition => ({
  name: 'reader',
  instructions: 'Read.',
  model: 'test:model',
  ...change,
});
export const thinking = {
  message: 'task',
  step: 1,
  tier: 'core',
  fallbacks: 0,
  used: { steps: 0, inputTokens: 0, outputTokens: 0, cachedTokens: 0, toolCalls: 0, usd: 0 },
  expected: 0,
} as const;
export const transcript = (...messages: Message[]) => ({ transcript: messages as unknown as Json[] });
export type { AgentDeps };
