/**
 * What can be done with runs, as requests over NATS: JSON to `troupe.<tenant>._control.<operation>`, and JSON back. Whoever may publish there may work with the runs of
 * the tenant; what is installed on the server, its tokens and files are not reached this way. An answer without an end, or larger than a message, comes in parts (`parts.ts`).
 */
import type { Msg } from '@nats-io/transport-node';
import { headers } from '../../nats/client.ts';
import type { TroupeClient } from '../../contracts/client/client.ts';
import type { LogEntry } from '../../contracts/client/execution.ts';
import type { ClientOperation } from '../../contracts/client/operations/operation.ts';
import { operations } from '../../contracts/client/operations/operations.ts';
import { connectNats, maxBodyBytes } from '../../nats/connection.ts';
import { subscribeTo } from '../../nats/subscribe.ts';
import { encodeRefusal } from '../../transport/nats/codec.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { isJsonObject } from '../../values/json.ts';
import type { ClusterOptions } from '../client.ts';
import { decodeJson, rpcRespond } from '../rpc.ts';
import { clusterSubjects } from '../subjects.ts';
import { moreHeader, partsServer, type PartsServer } from './parts.ts';

/** Serves a client until it is disposed; the client stays open. Of several servers of a tenant one answers each request. Rejects as `connectNats` does. */
export async function serveControl(
  client: TroupeClient,
  { tenant = 'default', replicas: _, ...options }: ClusterOptions,
  clock: Clock,
): Promise<AsyncDisposable> {
  const connection = await connectNats(options);
  const subjects = clusterSubjects(tenant);
  const parts = partsServer(connection, subjects.controlParts(clock.id()), clock);
  const begin = subjects.control('').length;
  subscribeTo(
    connection,
    // The parts have one token more.
    subjects.control('*.*'),
    async (message) => {
      try {
        const operation = operationOf(message.subject.slice(begin));
        const input = decodeJson(message) ?? {};
        requireNoAdmin(operation, input);
        const answer = await answered(operation, client, input, parts);
        if (typeof answer === 'string') respondInParts(message, answer);
        else if (answer.length <= maxBodyBytes(connection)) rpcRespond(message, answer);
        else respondInParts(message, parts.open(once(answer)));
      } catch (thrown) {
        const { payload, headers: sent } = encodeRefusal(thrown);
        rpcRespond(message, payload, sent);
      }
    },
    { queue: 'troupe-control' },
  );
  await connection.flush();
  return {
    async [Symbol.asyncDispose]() {
      parts[Symbol.dispose]();
      // A server that is gone has nothing to drain.
      await connection.drain().catch(() => {});
    },
  };
}

function operationOf(name: string): { readonly name: string } & ClientOperation {
  const operation = Object.entries<ClientOperation>(operations).find(([each]) => each === name)?.[1];
  if (operation) return { name, ...operation };
  throw new TroupeError('unknown_message', `There is no operation ${JSON.stringify(name.slice(0, 100))} over NATS.`);
}

function requireNoAdmin({ name, access, adminFields }: ReturnType<typeof operationOf>, input: unknown): void {
  const field = adminFields?.find((each) => isJsonObject(input) && Object.hasOwn(input, each));
  if (access === 'client' && field === undefined) return;
  throw new TroupeError(
    'denied',
    `${field === undefined ? `"${name}"` : `"${field}"`} is for administrators. Ask over HTTP with the token of the server.`,
  );
}

/** The answer; where it comes in parts, the subject at which they are asked for. */
async function answered(
  operation: ClientOperation,
  client: TroupeClient,
  input: unknown,
  parts: PartsServer,
): Promise<Uint8Array | string> {
  switch (operation.kind) {
    case 'value':
      return encoder.encode(JSON.stringify(await operation.run(client, input)));
    case 'bytes':
      return parts.open(operation.run(client, input));
    case 'lines': {
      const stopping = new AbortController();
      return parts.open(asText(operation.run(client, input, stopping.signal)), () => stopping.abort());
    }
  }
}

function respondInParts(message: Msg, subject: string): void {
  const sent = headers();
  sent.set(moreHeader, subject);
  rpcRespond(message, '', sent);
}

const encoder = new TextEncoder();

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A line of JSON for each line of the run. */
async function* asText(lines: AsyncIterable<LogEntry>): AsyncGenerator<Uint8Array> {
  for await (const line of lines) yield encoder.encode(`${JSON.stringify(line)}\n`);
}
