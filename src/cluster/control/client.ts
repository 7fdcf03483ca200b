/** A TroupeClient for the runs of a control server on the same NATS server. It needs no permission but to publish below `_control`, and to receive its answers. */
import type { Msg } from '@nats-io/transport-node';
import type * as z from 'zod';
import { clientOver } from '../../contracts/client/clientOver.ts';
import type { TroupeClient } from '../../contracts/client/client.ts';
import { LogEntry } from '../../contracts/client/execution.ts';
import { followAgain } from '../../contracts/client/followAgain.ts';
import {
  operations,
  type InputOf,
  type OperationName,
  type OutputOf,
} from '../../contracts/client/operations/operations.ts';
import { connectNats } from '../../nats/connection.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { throughJson, type Json } from '../../values/json.ts';
import { decodeUtf8 } from '../../values/utf8.ts';
import type { ClusterOptions } from '../client.ts';
import { rpcRequest } from '../rpc.ts';
import { clusterSubjects } from '../subjects.ts';
import { readParts } from './readParts.ts';

/** How a control server is asked over NATS. */
export interface NatsControlOptions extends ClusterOptions {
  /** Milliseconds that an answer may take; 60,000 by default. */
  readonly within?: number;
}

const noServer = 'There is no control server of this tenant. Start one with troupe control --nats, or ask again later.';

/**
 * The client. Disposing it closes its connection. Its methods reject as those of the server's own client, and with `transient` when there is no control server, `timeout` when
 * no answer comes, `auth` when the credentials do not allow it, and `format` when the server answers what is not of the contract. Rejects as `connectNats` does.
 */
export async function natsControl(
  { tenant = 'default', replicas: _, within = 60_000, ...options }: NatsControlOptions,
  clock: Clock,
): Promise<TroupeClient> {
  const connection = await connectNats(options);
  const subjects = clusterSubjects(tenant);
  const request = (name: OperationName, input: object): Promise<Msg> =>
    rpcRequest(connection, subjects.control(name), throughJson(input), {
      within,
      noResponder: noServer,
      absent: 'transient',
    });
  const partsIn = (answer: Msg, signal?: AbortSignal) => readParts(connection, answer, { within, signal });

  return clientOver({
    async ask(name, input) {
      const answer = parsed(await allOf(partsIn(await request(name, input))));
      // The schema of an operation by its name: the type of one among all is not found out.
      const result = (operations[name].output as unknown as z.ZodType<OutputOf<typeof name>>).safeParse(answer);
      if (result.success) return result.data;
      throw otherContract();
    },
    lines: ({ after, ...input }, signal) =>
      followAgain({
        after,
        signal,
        clock,
        async *open(from, stop) {
          const query: InputOf<'executions.follow'> = { ...input, ...(from === undefined ? {} : { after: from }) };
          for await (const text of textLines(partsIn(await request('executions.follow', query), stop))) {
            const line = LogEntry.safeParse(parsed(text));
            if (!line.success) throw otherContract();
            yield line.data;
          }
        },
      }),
    async *bytes(input) {
      yield* partsIn(await request('artifacts.read', input));
    },
    // A server that is gone has nothing to drain.
    [Symbol.asyncDispose]: () => connection.drain().catch(() => {}),
  });
}

const otherContract = () =>
  new TroupeError(
    'format',
    'The control server answered with what is not of its contract. It may be of another version.',
  );

function parsed(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(decodeUtf8(bytes, 'answer')) as Json;
  } catch {
    return undefined;
  }
}

async function allOf(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** The lines of a text that comes in parts. */
async function* textLines(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const part of parts) {
    rest = Buffer.concat([rest, part]);
    let from = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
      yield rest.subarray(from, end);
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
}
