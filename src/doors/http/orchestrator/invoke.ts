/** Starting runs over HTTP. */
import * as z from 'zod';
import type { Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';
import { isJsonObject } from '../../../values/json.ts';
import { HttpRefusal } from '../base/refusal.ts';
import { jsonReply, textReply, type HttpReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';
import { ErrorBody, someJson } from '../contracts/json.ts';
import { Accepted, Finished, type RunView } from '../contracts/runViews.ts';
import { part, refuseInText } from './answers.ts';
import { idempotencyHeader, keyedRunId } from './idempotency.ts';
import { refusedInvocation, unauthorized } from './invokeAuthentication.ts';
import type { OrchestratorService } from './service.ts';
import { waitOf, withinWait } from './wait.ts';

/** A name that a file of a workflow can have: no folder, and nothing hidden. */
const isWorkflowName = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name);

/** `POST /invoke/{workflow}`. */
export const invokeRoutes = (service: OrchestratorService, clock: Clock): readonly HttpRoute[] => [
  route({
    method: 'POST',
    path: '/invoke/{workflow}',
    // The workflow says who may; one that says nothing needs the token of the door.
    access: 'public',
    summary: 'Starts a run of a workflow. The body has its parameters.',
    query: z.object({ wait: z.string().optional() }),
    body: someJson(),
    whenEmpty: {},
    responses: {
      200: { description: 'With `wait`: the run has ended.', schema: Finished },
      202: { description: 'The run has begun.', schema: Accepted },
      400: { description: 'The body is no JSON object.' },
      401: { description: 'The secret is missing or wrong.', schema: z.object({ error: z.literal('unauthorized') }) },
      404: { description: 'There is no such workflow that may be invoked.' },
      409: { description: 'The idempotency key belongs to an invocation with other parameters.' },
      422: { description: 'The parameters do not fit; the first field that is wrong is named.' },
      500: { description: 'The authentication of the workflow cannot be checked.', schema: ErrorBody },
    },
    refuse: refuseInText,
    async admit({ params, headers, authorized, bytes }) {
      const name = part(params, 'workflow');
      const workflow = isWorkflowName(name) ? await service.workflow(name) : undefined;
      if (!workflow) return textReply(404, 'workflow not found');
      if (workflow.auth) return refusedInvocation(workflow, { headers, bytes, now: clock.now() });
      return authorized ? undefined : unauthorized();
    },
    async handle({ params, query, body, headers, signal, draining }) {
      const name = part(params, 'workflow');
      const wait = query.wait === undefined ? undefined : waitOf(query.wait);
      const parameters = body ?? {};
      if (!isJsonObject(parameters))
        throw new TroupeError('invalid', 'the body must be a JSON object with the parameters of the workflow');
      const id = keyedRunId(name, headers);
      const run = await started(service, { workflow: name, params: parameters, ...(id === undefined ? {} : { id }) });
      if ('refused' in run) return run.refused;
      const replayed = run.existed ? { [replayedHeader]: 'true' } : {};
      const ended =
        wait === undefined
          ? undefined
          : await withinWait((stop) => service.ended(run.id, stop), wait, [signal, draining], clock);
      return ended
        ? jsonReply(200, finished(ended), replayed)
        : jsonReply(202, { run_id: run.id, status: 'accepted' }, replayed);
    },
  }),
];

/** Tells that the run was there before. */
const replayedHeader = 'idempotent-replayed';

async function started(
  service: OrchestratorService,
  run: Parameters<OrchestratorService['start']>[0],
): Promise<{ readonly id: string; readonly existed: boolean } | { readonly refused: HttpReply }> {
  try {
    return await service.start(run);
  } catch (thrown) {
    if (!(thrown instanceof TroupeError)) throw thrown;
    if (thrown.kind === 'invalid') return { refused: textReply(422, thrown.message) };
    if (thrown.kind === 'conflict' && run.id !== undefined)
      throw new HttpRefusal(
        409,
        'conflict',
        `This ${idempotencyHeader} belongs to an invocation with other parameters.`,
        {
          cause: thrown,
        },
      );
    throw thrown;
  }
}

const finished = ({ id, status, output, error, code }: RunView): z.infer<typeof Finished> => ({
  run_id: id,
  status,
  ...(output === undefined ? {} : { output }),
  ...(error === undefined ? {} : { error }),
  ...(code === undefined ? {} : { code }),
});
