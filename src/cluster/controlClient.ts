/** A TroupeClient for the runs of a control server on the same NATS server. */
import type * as z from 'zod';
import { clientOver } from '../contracts/client/clientOver.ts';
import type { TroupeClient } from '../contracts/client/client.ts';
import type { LogEntry } from '../contracts/client/execution.ts';
import {
  operations,
  type InputOf,
  type OutputOf,
  type ValueOperationName,
} from '../contracts/client/operations/operations.ts';
import { connectNats } from '../nats/connection.ts';
import { sleep, type Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { throughJson } from '../values/json.ts';
import type { ClusterOptions } from './client.ts';
import { rpcCall } from './rpc.ts';
import { clusterSubjects } from './subjects.ts';

/** Milliseconds that an answer may take, and between two looks at the lines of a run. */
const within = 60_000;
const lookAgain = 250;
const noResponder = 'There is no control server of this tenant. Start one with troupe control --nats.';

/** The client. Disposing it closes its connection. Its methods reject as those of the server's own client; `unknown_recipient` also when there is no server. */
export async function natsControl(
  { tenant = 'default', replicas: _, ...options }: ClusterOptions,
  clock: Clock,
): Promise<TroupeClient> {
  const connection = await connectNats(options);
  const subjects = clusterSubjects(tenant);
  async function ask<Name extends ValueOperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    const answer = await rpcCall(connection, subjects.control(name), throughJson(input), { within, noResponder });
    // The schema of an operation by its name: the type of one among all is not found out.
    const result = (operations[name].output as unknown as z.ZodType<OutputOf<Name>>).safeParse(answer);
    if (result.success) return result.data;
    throw new TroupeError(
      'format',
      'The control server answered with what is not of its contract. It may be of another version.',
    );
  }
  async function* lines(
    { after, ...query }: InputOf<'executions.follow'>,
    signal: AbortSignal | undefined,
  ): AsyncIterable<LogEntry> {
    let last = after;
    for (;;) {
      if (signal?.aborted) return;
      // Asked before the lines: what comes after an end was there when it was seen.
      const { status } = await ask('executions.get', { exec_id: query.exec_id });
      const { items } = await ask('executions.logs', { ...query, ...(last === undefined ? {} : { after: last }) });
      for (const line of items) yield line;
      last = items.at(-1)?.seq ?? last;
      if (items.length > 0) continue;
      if (['completed', 'failed', 'cancelled'].includes(status)) return;
      await sleep(clock, lookAgain, signal).catch(() => {});
    }
  }
  return clientOver({
    ask,
    lines,
    // eslint-disable-next-line require-yield -- there is none
    async *bytes() {
      throw new TroupeError(
        'unsupported',
        'Bytes are not sent over NATS. Get the artifact with its value, or read it over HTTP.',
      );
    },
    [Symbol.asyncDispose]: () => connection.drain().catch(() => {}),
  });
}
