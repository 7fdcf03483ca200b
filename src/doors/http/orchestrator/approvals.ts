/** Approvals of tool calls over HTTP: what waits for a person, and what the person says. */
import * as z from 'zod';
import { emptyReply, jsonReply, textReply, type HttpReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';
import { ApprovalList, ApprovalView, ChoiceBody, DecisionBody } from '../contracts/approvalViews.ts';
import { malformed, missing, noApproval, part, refuseInText } from './answers.ts';
import { inHeader, listFields, listQuery, listReply } from './lists.ts';
import type { ApprovalDecision, DecisionResult, OrchestratorService } from './service.ts';

const decidedResponses = {
  200: { description: 'The decision holds.', type: null },
  ...malformed,
  ...missing,
  409: {
    description: 'There was another decision before, which is named, or it is not clear which approval is meant.',
  },
};

/** The routes of approvals. */
export const approvalRoutes = (service: OrchestratorService): readonly HttpRoute[] => [
  route({
    method: 'GET',
    path: '/approvals',
    access: 'control',
    summary: 'The approvals of all runs that wait for a person, the oldest first.',
    query: z.object({ status: z.enum(['pending']).optional(), ...listFields }),
    responses: {
      200: { description: inHeader, schema: ApprovalList },
      400: { description: 'Another status is asked for, or the cursor is none of this server.' },
    },
    refuse: refuseInText,
    handle: async ({ query: { status: _, ...query } }) =>
      listReply('/approvals', query, await service.approvals(listQuery(query))),
  }),
  route({
    method: 'GET',
    path: '/runs/{run_id}/steps/{step_id}/approval',
    access: 'control',
    summary: 'The approval of a step. `tool_use_id`, or `ticket_id`, names one of several calls.',
    query: z.object({ tool_use_id: z.string().optional(), ticket_id: z.string().optional() }),
    responses: { 200: { description: 'The approval.', schema: ApprovalView }, ...missing },
    refuse: refuseInText,
    async handle({ params, query }) {
      const approval = await service.approval({
        run: part(params, 'run_id'),
        step: part(params, 'step_id'),
        ...callKey(query),
      });
      return approval ? jsonReply(200, approval) : noApproval();
    },
  }),
  route({
    method: 'POST',
    path: '/runs/{run_id}/steps/{step_id}/approval/decide',
    access: 'control',
    summary: 'Decides about the call of a tool.',
    body: DecisionBody,
    responses: decidedResponses,
    refuse: refuseInText,
    async handle({ params, body: { decision: word, tool_use_id, ticket_id, ...said } }) {
      const decision = word === 'approve' || word === 'approved' ? 'approved' : 'rejected';
      const key = { run: part(params, 'run_id'), step: part(params, 'step_id') };
      const result = await service.decide({
        ...key,
        decision,
        ...callKey({ tool_use_id, ticket_id }),
        ...whoAndWhy(said),
      });
      return decisionReply(result);
    },
  }),
  ...(['approve', 'reject'] as const).map((word) =>
    route({
      method: 'POST',
      path: `/runs/{run_id}/${word}`,
      access: 'control',
      summary: `Decides about the call of a tool that a run waits with: ${word}.`,
      body: ChoiceBody,
      whenEmpty: {},
      responses: decidedResponses,
      refuse: refuseInText,
      async handle({ params, body: { step_id: step, tool_use_id: toolUseId, ticket_id: ticket, ...said } }) {
        const run = part(params, 'run_id');
        const decision = word === 'approve' ? 'approved' : 'rejected';
        const meant = (await service.approvalsOf(run)).filter(
          (each) =>
            (step ?? each.step_id) === each.step_id &&
            (toolUseId ?? each.tool_use_id) === each.tool_use_id &&
            (ticket ?? each.ticket_id) === each.ticket_id,
        );
        const waiting = meant.filter(({ status }) => status === 'pending');
        const [only] = waiting;
        if (waiting.length > 1) return severalReply(waiting);
        if (!only) return repeatedReply(meant.at(-1), decision);
        const { step_id, ticket_id } = only;
        const key = { run, step: step_id, ticket: ticket_id };
        const result = await service.decide({ ...key, decision, ...whoAndWhy(said) });
        return typeof result === 'object' && 'decided' in result
          ? repeatedReply(result.decided, decision)
          : decisionReply(result);
      },
    }),
  ),
];

function severalReply(waiting: readonly ApprovalView[]): HttpReply {
  // Sub-agents of one step may have given their calls the same id.
  const isClear = new Set(waiting.map(nameOf)).size === waiting.length;
  const names = waiting.map((each) => (isClear ? nameOf(each) : `${nameOf(each)} ${each.ticket_id}`));
  const fields = isClear ? 'step_id, tool_use_id or ticket_id' : 'ticket_id, the last part of each';
  return textReply(409, `several approvals wait: ${names.join(', ')}. Name one with ${fields}`);
}

const nameOf = ({ step_id, tool_use_id }: ApprovalView): string => `${step_id} (${tool_use_id})`;

const callKey = ({
  tool_use_id: toolUseId,
  ticket_id: ticket,
}: {
  tool_use_id?: string | undefined;
  ticket_id?: string | undefined;
}) => ({ ...(toolUseId === undefined ? {} : { toolUseId }), ...(ticket === undefined ? {} : { ticket }) });

const whoAndWhy = ({ reason, by }: { reason?: string | undefined; by?: string | undefined }) => ({
  ...(reason === undefined ? {} : { reason }),
  ...(by === undefined ? {} : { by }),
});

function decisionReply(result: DecisionResult): HttpReply {
  if (result === 'done') return emptyReply(200);
  if (result === 'missing') return noApproval();
  return 'several' in result ? severalReply(result.several) : textReply(409, decidedText(result.decided));
}

/** `approve` and `reject` say what shall be, and not that it happens now: the same word again changes nothing. */
function repeatedReply(decided: ApprovalView | undefined, decision: ApprovalDecision['decision']): HttpReply {
  if (!decided) return noApproval();
  return decided.status === decision ? emptyReply(200) : textReply(409, decidedText(decided));
}

/** What was decided about which call, by whom, and when. */
function decidedText({ step_id, tool_name, status, decided_by, decided_at, reason }: ApprovalView): string {
  const end = status === 'timeout' ? 'timed out' : `was ${status}`;
  const by = decided_by === undefined ? '' : ` by ${decided_by}`;
  const at = decided_at === undefined ? '' : ` at ${decided_at}`;
  return `approval already decided: the call of "${tool_name}" in the step "${step_id}" ${end}${by}${at}${reason === undefined ? '' : ` (${reason})`}`;
}
