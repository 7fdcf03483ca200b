/** Approvals of tool calls, read from the tickets of agent steps. */
import * as z from 'zod';
import { anyJson } from '../../../values/anyJson.ts';
import { isJsonObject, type Json } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { ActorRow, Journal } from '../../../journal/journal.ts';
import type { ApprovalView } from '../contracts/approvalViews.ts';
import { timeText } from '../contracts/stepViews.ts';
import type { ListPage } from '../orchestrator/service.ts';
import { stepPlace, type RowOf } from './stepPlaces.ts';
import { inputOf } from './storedRuns.ts';
import { ticketPage, type TicketQuery, type TicketView } from './ticketPages.ts';

/** An approval, and the ticket that it is. */
export type StoredApproval = TicketView<ApprovalView>;

/** The approvals of a run, or of all; those that are decided, too, unless only the pending ones are asked for. The oldest first. */
export const storedApprovals = (journal: Journal, query: TicketQuery): Promise<ListPage<StoredApproval>> =>
  ticketPage(journal, query, approvalOf);

async function approvalOf(ticket: ActorRow, rowOf: RowOf): Promise<ApprovalView | undefined> {
  const call = await callOf(ticket, rowOf);
  const place = call && (await stepPlace(call.step, rowOf));
  if (!place) return undefined;
  const { tool, id, input, rule } = call;
  return {
    ...place,
    tool_name: tool,
    tool_use_id: id,
    ticket_id: ticket.actor,
    arguments: input,
    on_reject: rule?.onReject ?? 'fail',
    timeout_ms: rule?.timeout ?? 0,
    timeout_behavior: rule?.timeoutBehavior ?? 'fail',
    created_at: timeText(ticket.created),
    ...decisionIn(ticket),
  };
}

/** The rule by which a call waits. */
const Rule = z.looseObject({
  pattern: z.string().optional(),
  onReject: z.string(),
  timeout: z.number().optional(),
  timeoutBehavior: z.string(),
});

/** What the actor of a call in this process was given. */
const LocalCall = z.looseObject({
  call: z.looseObject({
    id: z.string(),
    name: z.string(),
    input: anyJson(),
    server: z.looseObject({ value: z.looseObject({ approvals: z.array(Rule) }) }),
  }),
});

/** What a ticket of a call in a runtime of another process is about: there the id of the call is its hash. */
const RemoteCall = z.looseObject({ subject: z.looseObject({ tool: z.string(), hash: z.string(), input: anyJson() }) });

/** The rules of the servers of an agent step. */
const StepRules = z.looseObject({
  value: z.looseObject({ servers: z.array(z.looseObject({ approvals: z.array(Rule) })) }),
});

interface WaitingCall {
  readonly step: ActorRow;
  readonly tool: string;
  readonly id: string;
  readonly input: Json;
  readonly rule: z.infer<typeof Rule> | undefined;
}

async function callOf(ticket: ActorRow, rowOf: RowOf): Promise<WaitingCall | undefined> {
  const parent = ticket.parent && (await rowOf(ticket.parent));
  if (!parent) return undefined;
  if (parent.type === 'agent-step') {
    const about = RemoteCall.safeParse(inputOf(ticket)).data?.subject;
    const rules = StepRules.safeParse(inputOf(parent)).data?.value.servers.flatMap(({ approvals }) => approvals) ?? [];
    return (
      about && { step: parent, tool: about.tool, id: about.hash, input: about.input, rule: ruleFor(about.tool, rules) }
    );
  }
  const { call } = LocalCall.safeParse(inputOf(parent)).data ?? {};
  // A ticket with another schema asks whether a call has happened.
  const isApproval = Object.hasOwn(
    propertiesOf(propertiesOf(propertiesOf(inputOf(ticket)).schema).properties),
    'approved',
  );
  const step = call && isApproval && parent.parent ? await rowOf(parent.parent) : undefined;
  if (!call || !step) return undefined;
  return {
    step,
    tool: call.name,
    id: call.id,
    input: call.input,
    rule: ruleFor(call.name, call.server.value.approvals),
  };
}

const ruleFor = (tool: string, rules: readonly z.infer<typeof Rule>[]) =>
  rules.find(({ pattern = '' }) => fits(pattern, tool));

/** As in allow-lists: a name, `prefix-*`, or `*`. */
const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

/** How a ticket stands. What a person said beside the decision is a note. */
function decisionIn({
  status,
  updated,
  snapshot,
}: ActorRow): Pick<ApprovalView, 'status' | 'decided_at' | 'decided_by' | 'reason'> {
  if (status === 'active') return { status: 'pending' };
  const { output } = propertiesOf(propertiesOf(snapshot).state);
  const { status: ended, answer, by, reason: why } = propertiesOf(output);
  const { approved, note } = propertiesOf(answer);
  const reason = isJsonObject(answer) ? note : why;
  return {
    status: ended === 'expired' ? 'timeout' : approved === true ? 'approved' : 'rejected',
    decided_at: timeText(updated),
    ...(typeof by === 'string' ? { decided_by: by } : {}),
    ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
  };
}
