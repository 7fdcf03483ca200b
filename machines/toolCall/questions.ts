/** What a person is asked about a tool call. */
import { asZodJson } from '../json.ts';
import type { ToolCallContext } from './context.ts';

const approvalSchema = {
  type: 'object',
  properties: { approved: { type: 'boolean' }, note: { type: 'string' } },
  required: ['approved'],
  additionalProperties: false,
};
const happenedSchema = {
  type: 'object',
  properties: { happened: { type: 'boolean' }, note: { type: 'string' } },
  required: ['happened'],
  additionalProperties: false,
};

/** What the question is about: exactly this call, by its hash (K1). */
const subjectOf = ({ call }: ToolCallContext) => ({ tool: call.name, input: asZodJson(call.input), hash: call.hash });

/** May it be made? Silence is a no. */
export const approvalQuestion = (context: ToolCallContext) => ({
  question: `May ${context.call.name} be called with these arguments?`,
  subject: subjectOf(context),
  schema: approvalSchema,
  deadline: context.patience,
  onExpiry: { default: { approved: false, note: 'Nobody answered in time.' } },
});

/** Has it happened? Silence leaves it uncertain. */
export const happenedQuestion = (context: ToolCallContext) => ({
  question: `${context.call.name} may or may not have happened. Did it?`,
  subject: subjectOf(context),
  schema: happenedSchema,
  deadline: context.patience,
  onExpiry: 'fail' as const,
});
