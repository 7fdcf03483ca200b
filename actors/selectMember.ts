/** A selector that asks a model which member gets a task. */
import { fromFailure, toFailure, TroupeError } from '../src/values/failure.ts';
import type { AgentUsage } from '../src/contracts/agent.ts';
import { FailedAttempts, type ModelChoice } from '../src/contracts/model.ts';
import { chargedAttempts, chargedUsage, zeroUsage } from '../machines/usage.ts';
import type { SelectionOutput, SelectionInput } from '../machines/router/events.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { modelScope } from './callModel.ts';
import { effect } from './effect.ts';
import type { SelectMember } from './router.ts';
import type { ModelGateway } from './tools.ts';

const tool = {
  name: 'choose_member',
  description: 'Says which member the task goes to.',
  input: {
    type: 'object',
    properties: { member: { type: 'string' }, reason: { type: 'string' } },
    required: ['member'],
    additionalProperties: false,
  },
} as const;

/** Makes the selector. An answer that names no member is a `format` failure; the task's own policy decides about another attempt. */
export const selectByModel = (
  {
    model,
    instructions = 'You decide which member of a team a task goes to.',
  }: { model: ModelChoice; instructions?: string },
  gateway: ModelGateway,
): SelectMember =>
  effect<SelectionOutput, SelectionInput>(async ({ task, candidates }, scope) => {
    const who = candidates.map(({ id, role }) => `- ${id}${role === undefined ? '' : ` (${role})`}`).join('\n');
    const what = typeof task.input === 'string' ? task.input : JSON.stringify(task.input);
    const text = `The members:\n${who}\n\nThe task:\n${what}\n\nCall ${tool.name} with one of the members.`;
    const request = { instructions, messages: [{ role: 'user' as const, text }], tools: [tool] };
    const {
      calls,
      usage,
      failed,
      reason: end,
    } = await gateway.answer(model, request, modelScope(scope)).catch((thrown: unknown) => {
      throw withAgentUsage(thrown);
    });
    // An answer that was cut short may name another member than it would have.
    const chosen = end === 'length' || end === 'refused' ? undefined : calls.find(({ name }) => name === tool.name);
    const { member, reason } = propertiesOf(chosen?.input);
    const bill = { usage: asOneStep(chargedUsage(chargedAttempts(zeroUsage, failed), usage)) };
    if (typeof member === 'string') return { member, ...(typeof reason === 'string' ? { reason } : {}), ...bill };
    throw new TroupeError('format', `The model did not call "${tool.name}" with a member.`, { data: bill });
  });

/** The router has reserved one step for the choice: a choice is one, however often the model had to be asked. Tokens and money are those of all attempts. */
const asOneStep = (usage: AgentUsage) => ({ ...usage, steps: Math.min(1, usage.steps) });

/** The failure of a model, with what its attempts used as a router counts it. */
function withAgentUsage(thrown: unknown): TroupeError {
  const failure = toFailure(thrown);
  const failed = FailedAttempts.safeParse(failure.data);
  if (!failed.success) return fromFailure(failure);
  return fromFailure({ ...failure, data: { usage: asOneStep(chargedAttempts(zeroUsage, failed.data)) } });
}
