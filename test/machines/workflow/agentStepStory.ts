/** Short functions for the events of an agent step. */
import type { AgentTask, AgentTaskServer, StoredAgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import type { CallGate, StepAnswer, StepCall } from '../../../machines/workflow/agentStep/effectTypes.ts';
import { agentStepMachine } from '../../../machines/workflow/agentStep.ts';
import { done } from '../../../src/testing/play.ts';
import { playEvents } from '../playEvents.ts';
import { usage } from '../effectResults.ts';

export const server: AgentTaskServer = { name: 'files', address: { url: 'http://files' }, allow: ['*'], approvals: [] };

/** A task of at most three turns, without tools. */
export const stepTask = (change: Partial<AgentTask> = {}): StoredAgentTask => ({
  value: {
    step: 's',
    agent: 'reader',
    system: 'Read.',
    user: 'Read it.',
    maxTurns: 3,
    model: { group: 'standard', maxTokens: 1024 },
    servers: [],
    output: { type: 'object' },
    ...change,
  },
  sealed: [],
});

const metrics = { duration_ms: 0, tokens_in: 0, tokens_out: 0, cost_usd: 0, llm_calls: 0, tool_calls: 0 };
export const complete = (output: Record<string, unknown> = { ok: true }): StepEnd => ({
  status: 'complete',
  output: output as never,
  metrics,
});
export const broken: StepEnd = {
  status: 'failed',
  code: 'output_invalid',
  failure: { kind: 'invalid', message: 'no', retryable: false },
  metrics,
};

const answered = (says: StepAnswer['says'], text = '') =>
  done('ask', { text, calls: [], usage: usage(), model: 'test:model', says } satisfies StepAnswer);

export const found = done('discover', { tools: [] });
export const draft = answered({ kind: 'draft', end: complete() }, '{"ok":true}');
export const toReflect = answered({ kind: 'draft', end: complete(), reflect: '{"ok":true}' }, '{"ok":true}');
export const prose = answered({ kind: 'unreadable' }, 'Here it is.');
export const violating = answered({ kind: 'violating', correction: 'Mend it.', end: broken }, '{}');
export const nothing = answered({ kind: 'nothing' });

export const read = (name = 'read', effect: 'read' | 'write' = 'read', gate?: CallGate): StepCall => ({
  how: 'run',
  request: {
    id: name,
    name,
    input: {},
    hash: name,
    effect,
    idempotent: false,
    belt: false,
    server: { value: server, sealed: [] },
  },
  ...(gate ? { gate } : {}),
});
/** A call of a sub-agent. */
export const sub: StepCall = { how: 'agent', id: 'sub', name: 'finder', input: {} };
export const briefed = done('brief', [{ task: stepTask({ agent: 'finder' }) }]);
/** Two of its calls were made, and both began. */
export const bothBriefed = done(
  'brief',
  [1, 2].map(() => ({ task: stepTask({ agent: 'finder' }) })),
);
export const stray: StepCall = { how: 'unknown', id: 'x', name: 'stray', why: 'There is no tool "stray".' };
export const refused: StepCall = { how: 'refused', id: 'y', name: 'read', why: 'Not made.' };
export const called = (...calls: StepCall[]) => answered({ kind: 'calls', calls });

export const play = (change: Partial<AgentTask>, ...events: { type: string }[]) =>
  playEvents(agentStepMachine, stepTask(change), events);
/** How the step ended after these events; undefined while it goes on. */
export const endOf = (change: Partial<AgentTask>, ...events: { type: string }[]) =>
  play(change, ...events).snapshot.output as StepEnd | undefined;
