/** The calls of tools that a person must agree to, as a runtime sees them: it asks nobody, and says which call waits. */
import type { Runtime, Ticket } from '../../../runtime/runtime.ts';
import { throughJson } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';
import type { SaidSoFar } from './conversation.ts';

/** The call that a person must be asked about; undefined when the ticket is settled here, because that was decided before. */
export async function askedCall(
  runtime: Pick<Runtime, 'journal' | 'abort' | 'answer'>,
  ticket: Ticket,
  request: InvokeRequest,
  said: SaidSoFar | undefined,
): Promise<CallbackPayload['pending_approval']> {
  const [row] = await runtime.journal.find({ actor: ticket.id });
  const [parent] = row?.parent === undefined ? [] : await runtime.journal.find({ actor: row.parent });
  const { call: made, ask } = propertiesOf(propertiesOf(parent?.meta).input);
  const { id: callId, name: tool, input } = propertiesOf(made);
  const [id, name] = [String(callId), String(tool)];
  if (ask !== true || !Object.hasOwn(propertiesOf(ticket.schema['properties']), 'approved')) {
    // Nobody is here who could say whether a call has happened.
    await runtime.abort(ticket.id, 'Nobody can tell.', 'runtime');
    return undefined;
  }
  // A call whose result is known, be it a rejection, is not made: the result is taken.
  if (said?.results.has(id) || (request.approved_tool_calls ?? []).includes(id)) {
    await runtime.answer(ticket.id, { approved: true }, 'orchestrator');
    return undefined;
  }
  const rules = request.tool_servers?.flatMap(({ approval_rules }) => approval_rules ?? []) ?? [];
  const rule = rules.find(({ pattern }) => fits(pattern, name));
  return {
    tool_name: name,
    tool_use_id: id,
    arguments: throughJson(input ?? null),
    on_reject: rule?.on_reject ?? 'fail',
    timeout_ms: rule?.timeout_ms ?? 0,
    timeout_behavior: rule?.timeout_behavior ?? 'fail',
  };
}

/** As in allow-lists: a name, `prefix-*`, or `*`. */
const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
