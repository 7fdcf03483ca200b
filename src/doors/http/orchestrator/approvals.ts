/** Approvals of tool calls over HTTP: what waits for a person, and what the person says. */
import * as z from 'zod';
import { emptyReply, jsonReply, textReply, type HttpReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';
import { ApprovalList, ApprovalView, ChoiceBody, DecisionBody } from '../contracts/approvalViews.ts';
import { malformed, missing, noApproval, part, refuseInText } from './answers.ts';
import type { ApprovalDecision, OrchestratorService } from './service.ts';

const decidedResponses = {
  200: { description: 'The decision holds.', type: null },
  ...malformed,
  ...missing,
  409: { description: 'There was a decision before, or it is not clear which approval is meant.' },
};

/** The routes of approvals. */
export const approvalRoutes = (service: OrchestratorService): readonly HttpRoute[] => [
  route({
    method: 'GET',
    path: '/approvals',
    access: 'control',
    summary: 'The approvals of all runs that wait for a person.',
    query: z.object({ status: z.enum(['pending']).optional() }),
    responses: {
      200: { description: 'All of them.', schema: ApprovalList },
      400: { description: 'Another status is asked for.' },
    },
    refuse: refuseInText,
    handle: async () => jsonReply(200, await service.approvals()),
  }),
  route({
    method: 'GET',
    path: '/runs/{run_id}/steps/{step_id}/approval',
    access: 'control',
    summary: 'The approval of a step. `tool_use_id` names one of several calls.',
    query: z.object({ tool_use_id: z.string().optional() }),
    responses: { 200: { description: 'The approval.', schema: ApprovalView }, ...missing },
    refuse: refuseInText,
    async handle({ params, query }) {
      const approval = await service.approval({
        run: part(params, 'run_id'),
        step: part(params, 'step_id'),
        ...(query.tool_use_id === undefined ? {} : { toolUseId: query.tool_use_id }),
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
    async handle({ params, body: { decision, reason, tool_use_id: toolUseId } }) {
      return decided(service, {
        run: part(params, 'run_id'),
        step: part(params, 'step_id'),
        decision: decision === 'approve' || decision === 'approved' ? 'approved' : 'rejected',
        ...(toolUseId === undefined ? {} : { toolUseId }),
        ...(reason === undefined ? {} : { reason }),
      });
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
      async handle({ params, body: { step_id: step, tool_use_id: toolUseId, reason } }) {
        const run = part(params, 'run_id');
        const meant = (await service.approvals(run)).filter(
          (each) => (step ?? each.step_id) === each.step_id && (toolUseId ?? each.tool_use_id) === each.tool_use_id,
        );
        const [only, another] = meant;
        if (!only) return noApproval();
        if (another)
          return textReply(
            409,
            `several approvals wait: ${meant.map(nameOf).join(', ')}. Name one with step_id or tool_use_id`,
          );
        return decided(service, {
          run,
          step: only.step_id,
          toolUseId: only.tool_use_id,
          decision: word === 'approve' ? 'approved' : 'rejected',
          ...(reason === undefined ? {} : { reason }),
        });
      },
    }),
  ),
];

const nameOf = (approval: ApprovalView): string => `${approval.step_id} (${approval.tool_use_id})`;

async function decided(service: OrchestratorService, decision: ApprovalDecision): Promise<HttpReply> {
  switch (await service.decide(decision)) {
    case 'done':
      return emptyReply(200);
    case 'missing':
      return noApproval();
    case 'decided':
      return textReply(409, 'approval already decided');
  }
}
