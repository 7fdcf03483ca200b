/** What a runtime tells the orchestrator over HTTP. */
import * as z from 'zod';
import { emptyReply, textReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';
import { bearerToken } from '../base/secretText.ts';
import { CallbackPayload, HeartbeatBody } from '../contracts/stepMessages.ts';
import { malformed, part, refuseInText } from './answers.ts';
import { unauthorized } from './invokeAuthentication.ts';
import type { OrchestratorService } from './service.ts';

const taken = { 200: { description: 'It was taken.', type: null } };

/** The routes of a runtime's messages. */
export const stepRoutes = (service: OrchestratorService): readonly HttpRoute[] => [
  route({
    method: 'POST',
    path: '/heartbeat',
    access: 'control',
    summary: 'A runtime lives, and works on these steps.',
    body: HeartbeatBody,
    responses: { ...taken, ...malformed },
    refuse: refuseInText,
    async handle({ body }) {
      await service.heartbeat(body);
      return emptyReply(200);
    },
  }),
  route({
    method: 'POST',
    path: '/runs/{run_id}/steps/{step_id}/complete',
    // The token of the dispatch is needed instead of that of the door.
    access: 'public',
    summary: 'The end of a step. Needs the token of its dispatch, in the URL or as `Authorization: Bearer`.',
    query: z.object({ token: z.string().optional() }),
    body: CallbackPayload,
    responses: {
      ...taken,
      ...malformed,
      401: { description: 'The token is missing or wrong.', schema: z.object({ error: z.literal('unauthorized') }) },
    },
    refuse: refuseInText,
    async admit({ params, query, headers }) {
      const token = query['token'] ?? bearerToken(headers);
      const known =
        token !== undefined && (await service.mayComplete(part(params, 'run_id'), part(params, 'step_id'), token));
      return known ? undefined : unauthorized();
    },
    async handle({ params, body, query, headers }) {
      const [run, step] = [part(params, 'run_id'), part(params, 'step_id')];
      if (body.run_id !== run || body.step_id !== step)
        return textReply(400, 'run_id and step_id of the body must be those of the URL');
      await service.complete(run, step, body, query.token ?? bearerToken(headers) ?? '');
      return emptyReply(200);
    },
  }),
];
