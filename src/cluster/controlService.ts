/**
 * What can be done with runs, as requests over NATS: JSON to `troupe.<tenant>._control.<operation>`, and JSON back. Whoever may publish there may work with the runs of
 * the tenant; what is installed on the server, its tokens and files are not reached this way.
 */
import type { TroupeClient } from '../contracts/client/client.ts';
import type { ClientOperation } from '../contracts/client/operations/operation.ts';
import { operations } from '../contracts/client/operations/operations.ts';
import { connectNats, maxBodyBytes } from '../nats/connection.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject } from '../values/json.ts';
import type { ClusterOptions } from './client.ts';
import { rpcServe } from './rpc.ts';
import { clusterSubjects } from './subjects.ts';

/** Serves a client until it is disposed; the client stays open. Of several servers of a tenant one answers each request. Rejects as `connectNats` does. */
export async function serveControl(
  client: TroupeClient,
  { tenant = 'default', replicas: _, ...options }: ClusterOptions,
): Promise<AsyncDisposable> {
  const connection = await connectNats(options);
  const subject = clusterSubjects(tenant).control('>');
  const begin = subject.length - 1;
  rpcServe(
    connection,
    subject,
    async (body, message) => {
      const answer = await performed(client, message.subject.slice(begin), body ?? {});
      if (Buffer.byteLength(JSON.stringify(answer)) <= maxBodyBytes(connection)) return answer;
      throw new TroupeError(
        'unsupported',
        'The answer is larger than a message of NATS may be. Ask for less, such as with a smaller limit, or ask over HTTP.',
      );
    },
    { queue: 'troupe-control' },
  );
  return {
    // A server that is gone has nothing to drain.
    [Symbol.asyncDispose]: () => connection.drain().catch(() => {}),
  };
}

async function performed(client: TroupeClient, name: string, input: unknown): Promise<object> {
  const operation = Object.entries<ClientOperation>(operations).find(([each]) => each === name)?.[1];
  if (operation?.kind !== 'value')
    throw new TroupeError('unknown_message', `There is no operation ${JSON.stringify(name.slice(0, 100))} over NATS.`);
  const field = operation.adminFields?.find((each) => isJsonObject(input) && Object.hasOwn(input, each));
  if (operation.access === 'admin' || field !== undefined)
    throw new TroupeError(
      'denied',
      `${field === undefined ? `"${name}"` : `"${field}"`} is for administrators. Ask over HTTP with the token of the server.`,
    );
  return operation.run(client, input);
}
