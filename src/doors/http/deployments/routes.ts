/** Deployments over HTTP: which versions there are, and runs of them. */
import * as z from 'zod';
import type { Clock } from '../../../values/clock.ts';
import { HttpRefusal } from '../base/refusal.ts';
import { jsonReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';
import { someJson } from '../contracts/json.ts';
import { keyedRunId } from '../orchestrator/idempotency.ts';
import { withinWait, waitOf } from '../orchestrator/wait.ts';
import { part } from '../orchestrator/answers.ts';
import type { DeploymentService } from './service.ts';

const RunView = z.object({
  run_id: z.string(),
  deployment: z.string(),
  version: z.int(),
  status: z.enum(['running', 'done', 'failed', 'cancelled']),
  output: someJson().optional(),
  error: z.string().optional(),
});
const Versions = z.object({ deployments: z.array(someJson()) });

/** The routes of deployments. */
export const deploymentRoutes = (service: DeploymentService, clock: Clock): readonly HttpRoute[] => [
  route({
    method: 'GET',
    path: '/deployments',
    access: 'control',
    summary: 'Lists the versions of all deployments, newest first.',
    responses: { 200: { description: 'The versions.', schema: Versions } },
    handle: async () => jsonReply(200, { deployments: (await service.list()) ?? [] }),
  }),
  route({
    method: 'GET',
    path: '/deployments/{name}',
    access: 'control',
    summary: 'Lists the versions of a deployment, newest first, with the schema of their input.',
    responses: { 200: { description: 'The versions.', schema: Versions }, 404: { description: 'There is none.' } },
    async handle({ params }) {
      const name = part(params, 'name');
      return jsonReply(200, { deployments: (await service.list(name)) ?? missing(name) });
    },
  }),
  route({
    method: 'POST',
    path: '/deployments/{name}/invoke',
    access: 'control',
    summary: 'Starts a run of a version. The body is the input, over the default input of the version.',
    query: z.object({
      version: z
        .string()
        .regex(/^[1-9]\d{0,8}$/)
        .optional(),
      tag: z.string().optional(),
      wait: z.string().optional(),
    }),
    body: someJson(),
    responses: {
      200: { description: 'With `wait`: the run has ended.', schema: RunView },
      202: { description: 'The run has begun.', schema: RunView },
      400: { description: 'The input does not fit, or no version can be chosen.' },
      404: { description: 'There is no such deployment.' },
      409: { description: 'The idempotency key belongs to another input, or the tag is on several versions.' },
    },
    whenEmpty: null,
    async handle({ params, query, body, headers, signal, draining }) {
      const name = part(params, 'name');
      const { version, tag } = query;
      const wait = query.wait === undefined ? undefined : waitOf(query.wait);
      if ((await service.list(name)) === undefined) return missing(name);
      const key = keyedRunId(`deployments/${name}`, headers);
      const { run, existed } = await service.invoke({
        name,
        ...(version === undefined ? {} : { version: Number(version) }),
        ...(tag === undefined ? {} : { tag }),
        ...(body === null ? {} : { input: body }),
        ...(key === undefined ? {} : { key }),
      });
      const replayed = existed ? { 'idempotent-replayed': 'true' } : {};
      const ended =
        wait === undefined
          ? undefined
          : await withinWait((stop) => service.ended(run.run_id, stop), wait, [signal, draining], clock);
      return ended ? jsonReply(200, ended, replayed) : jsonReply(202, run, replayed);
    },
  }),
  route({
    method: 'GET',
    path: '/deployments/{name}/runs/{run_id}',
    access: 'control',
    summary: 'Shows a run of a deployment.',
    responses: { 200: { description: 'The run.', schema: RunView }, 404: { description: 'There is none.' } },
    async handle({ params }) {
      const run = await service.run(part(params, 'run_id'));
      if (run?.deployment !== part(params, 'name'))
        throw new HttpRefusal(404, 'unknown_recipient', 'There is no such run.');
      return jsonReply(200, run);
    },
  }),
];

function missing(name: string): never {
  throw new HttpRefusal(404, 'unknown_recipient', `There is no deployment ${JSON.stringify(name)}.`);
}
