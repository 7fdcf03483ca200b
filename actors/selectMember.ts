/** A selector that asks a model which member gets a task. */
import { TroupeError } from '../src/values/failure.ts';
import type { ModelChoice } from '../src/contracts/model.ts';
import { zeroUsage } from '../machines/usage.ts';
import { chargedUsage } from '../machines/usage.ts';
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
    const { calls, usage } = await gateway.answer(
      model,
      { instructions, messages: [{ role: 'user', text }], tools: [tool] },
      modelScope(scope),
    );
    const { member, reason } = propertiesOf(calls.find(({ name }) => name === tool.name)?.input);
    const bill = { usage: chargedUsage(zeroUsage, usage) };
    if (typeof member === 'string') return { member, ...(typeof reason === 'string' ? { reason } : {}), ...bill };
    throw new TroupeError('format', `The model did not call "${tool.name}" with a member.`, { data: bill });
  });
