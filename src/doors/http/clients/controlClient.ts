/** A TroupeClient for the runs of another process, over HTTP. It needs nothing but `fetch`. */
import type * as z from 'zod';
import { clientOver } from '../../../contracts/client/clientOver.ts';
import type { TroupeClient } from '../../../contracts/client/client.ts';
import { LogEntry } from '../../../contracts/client/execution.ts';
import { followAgain } from '../../../contracts/client/followAgain.ts';
import { operations, type OperationName, type OutputOf } from '../../../contracts/client/operations/operations.ts';
import { systemClock } from '../../../engine/clock.ts';
import { eventStream } from '../../../mcp/sessions/eventStream.ts';
import type { Clock } from '../../../values/clock.ts';
import { Failure, TroupeError, fromFailure } from '../../../values/failure.ts';
import type { JsonObject } from '../../../values/json.ts';
import type { ClientOptions } from './exchange.ts';
import { controlRequest } from './controlRequest.ts';

/** How the server is asked. */
export interface HttpClientOptions extends ClientOptions {
  /** Tells when a stream that was cut off is taken up again; the system's by default. */
  readonly clock?: Clock;
}

/** Milliseconds that an answer may take. */
const defaultTimeout = 60_000;

/**
 * The client of a server at a URL. Its methods reject as those of the server's own client do, and with `transient` or `timeout` when it cannot be reached, `auth` without a
 * token that it takes, `denied` when the token may not do it, and `format` when it answers what is not of the contract.
 * @example const client = httpClient('http://127.0.0.1:5060', { token });
 */
export function httpClient(url: string, { clock = systemClock(), ...options }: HttpClientOptions = {}): TroupeClient {
  const settings = { ...options, timeout: options.timeout ?? defaultTimeout };
  return clientOver({
    async ask(name, input) {
      const response = await controlRequest(url, name, input as JsonObject, settings);
      // The schema of an operation by its name: the type of one among all is not found out.
      const schema = operations[name].output as unknown as z.ZodType<OutputOf<typeof name>>;
      return answerOf(name, schema, await response.text());
    },
    lines: ({ after: first, ...input }, signal) =>
      followAgain({
        after: first,
        signal,
        clock,
        open: (after, stop) =>
          linesAfter(url, { ...input, ...(after === undefined ? {} : { after }) } as JsonObject, stop, settings),
      }),
    async *bytes(input) {
      const { timeout: _, ...unlimited } = settings;
      const response = await controlRequest(url, 'artifacts.read', input as JsonObject, unlimited);
      try {
        yield* response.body ?? [];
      } catch (cause) {
        throw new TroupeError('transient', 'The artifact was cut off on its way. Read it again.', { cause });
      }
    },
    [Symbol.asyncDispose]: async () => {},
  });
}

function answerOf<Output>(name: OperationName, schema: z.ZodType<Output>, text: string): Output {
  const answer = schema.safeParse(parsed(text));
  if (answer.success) return answer.data;
  throw new TroupeError(
    'format',
    `The server answered ${name} with what is not of its contract. It may be of another version.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The lines after a place. Rejects with `transient` when they are cut off before the end. */
async function* linesAfter(
  url: string,
  input: JsonObject,
  signal: AbortSignal,
  { timeout: _, ...options }: ClientOptions,
): AsyncIterable<LogEntry> {
  const response = await controlRequest(url, 'executions.follow', input, { ...options, signal });
  for await (const { type, data } of response.body ? eventStream(response.body) : []) {
    if (type === 'end') return;
    if (type === 'failure') throw fromFailure(Failure.parse(parsed(data)));
    // An event that was cut off does not fit: it comes again.
    if (type === 'line') yield LogEntry.parse(parsed(data));
  }
  throw new TroupeError('transient', 'The lines were cut off before the run had ended.');
}
