/** Questions of `wait` steps over HTTP: what waits for a person, and what the person answers. */
import * as z from 'zod';
import { emptyReply, textReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';
import { WaitAnswerBody, WaitList } from '../contracts/waitViews.ts';
import { malformed, missing, part, refuseInText } from './answers.ts';
import { inHeader, listFields, listQuery, listReply } from './lists.ts';
import type { OrchestratorService } from './service.ts';

/** The routes of questions. */
export const waitRoutes = (service: OrchestratorService): readonly HttpRoute[] => [
  route({
    method: 'GET',
    path: '/waits',
    access: 'control',
    summary: 'The questions of `wait` steps of all runs that wait for a person, the oldest first.',
    query: z.object(listFields),
    responses: {
      200: { description: inHeader, schema: WaitList },
      400: { description: 'The cursor is none of this server.' },
    },
    refuse: refuseInText,
    handle: async ({ query }) => listReply('/waits', query, await service.waits(listQuery(query))),
  }),
  route({
    method: 'POST',
    path: '/runs/{run_id}/steps/{step_id}/answer',
    access: 'control',
    summary: 'Answers the question of a `wait` step.',
    body: WaitAnswerBody,
    responses: {
      200: { description: 'The answer holds.', type: null },
      ...malformed,
      ...missing,
      409: { description: 'It was answered before, or nobody answered in time.' },
    },
    refuse: refuseInText,
    async handle({ params, body: { answer, by } }) {
      const [run, step] = [part(params, 'run_id'), part(params, 'step_id')];
      switch (await service.answer({ run, step, answer, ...(by === undefined ? {} : { by }) })) {
        case 'done':
        case 'same':
          return emptyReply(200);
        case 'missing':
          return textReply(404, 'no such question');
        case 'answered':
          return textReply(409, `the question of the step "${step}" was answered before, or its time is up`);
      }
    },
  }),
];
