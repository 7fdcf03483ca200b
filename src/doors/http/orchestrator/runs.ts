/** Runs over HTTP: what they are, what they produced, and what can be done with them. */
import * as z from 'zod';
import { jsonReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';
import { EnvelopeView, RunDetail, RunList, WorkflowRunStatus, type RunView } from '../contracts/runViews.ts';
import { envelopeOf } from '../contracts/stepViews.ts';
import { missing, noRun, part, refuseInText } from './answers.ts';
import { listFields, listQuery } from './lists.ts';
import type { OrchestratorService, RunCommand } from './service.ts';

const defaultLimit = 50;

const RunsQuery = z.object({
  workflow: z.string().optional(),
  status: z.string().optional(),
  /** 50 by default, at most 1,000. */
  ...listFields,
});

const commands: readonly RunCommand[] = ['cancel', 'pause', 'resume', 'retry'];

/** The routes of runs. */
export const runRoutes = (service: OrchestratorService): readonly HttpRoute[] => [
  route({
    method: 'GET',
    path: '/runs',
    access: 'control',
    summary: 'Runs, the newest first, with their sub-runs.',
    query: RunsQuery,
    responses: {
      200: { description: 'A page of them.', schema: RunList },
      400: { description: 'The cursor is none of this server.' },
    },
    refuse: refuseInText,
    async handle({ query: { workflow, status, ...query } }) {
      const known = status ? WorkflowRunStatus.safeParse(status) : undefined;
      // No run has a status that does not exist.
      if (known?.success === false) return jsonReply(200, { runs: [] });
      const { runs, next } = await service.runs({
        ...(workflow ? { workflow } : {}),
        ...(known ? { status: known.data } : {}),
        ...listQuery(query, defaultLimit),
      });
      return jsonReply(200, { runs, ...(next === undefined ? {} : { next }) });
    },
  }),
  route({
    method: 'GET',
    path: '/runs/{run_id}',
    access: 'control',
    summary: 'A run and its steps.',
    responses: { 200: { description: 'The run.', schema: RunDetail }, ...missing },
    refuse: refuseInText,
    async handle({ params }) {
      const found = await service.run(part(params, 'run_id'));
      if (!found) return noRun();
      return jsonReply(200, { run: found.run, steps: found.steps.length > 0 ? found.steps : null });
    },
  }),
  ...['/runs/{run_id}/envelope', '/envelope/{run_id}'].map((path) =>
    route({
      method: 'GET',
      path,
      access: 'control',
      summary: 'What a run has produced, and what it cost.',
      responses: { 200: { description: 'The envelope.', schema: EnvelopeView }, ...missing },
      refuse: refuseInText,
      async handle({ params }) {
        const found = await service.run(part(params, 'run_id'));
        return found ? jsonReply(200, envelopeOf(found.run, found.steps)) : noRun();
      },
    }),
  ),
  ...commands.map((command) =>
    route({
      method: 'POST',
      path: `/runs/{run_id}/${command}`,
      access: 'control',
      summary: `Tells a run to ${command}.`,
      responses: {
        202: { description: 'It was told.', schema: z.object({ run_id: z.string(), status: WorkflowRunStatus }) },
        ...missing,
        409: { description: 'The run is not in a state for it.' },
      },
      async handle({ params }) {
        const id = part(params, 'run_id');
        if (!(await service.command(id, command))) return noRun();
        const run: RunView | undefined = (await service.run(id))?.run;
        return run ? jsonReply(202, { run_id: id, status: run.status }) : noRun();
      },
    }),
  ),
];
