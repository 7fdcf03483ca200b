/** Requests to the server's JetStream: its API, which the leader of a stream answers, and publishes that are acknowledged. */
import type { ApiError } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { JetStreamApiError } from '../../../nats/client.ts';
import type { Clock } from '../../../values/clock.ts';
import { parseHeaders } from './headers.ts';
import type { ApiRequestOptions, ApiRequests } from './apiRequests.ts';

/** A message as it stands in a stream. */
export interface StreamMessage {
  readonly sequence: number;
  readonly subject: string;
  /** All of them, as they are stored. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What is asked of a server. */
export interface JetStreamApi {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Resolves when requests may be sent; rejects when the server cannot be used. Undefined: they may. */
  ready(): Promise<void> | undefined;
  /** A request to the API, `STREAM.INFO.name` for example. Rejects with `JetStreamApiError` when the server refuses it. */
  ask<T>(name: string, body?: object): Promise<T>;
  /** Publishes, and resolves with the sequence when the message is stored. Rejects with `JetStreamApiError` when the server refuses it. */
  publish(subject: string, body: Uint8Array, headers?: MsgHdrs): Promise<number>;
}

/** Milliseconds until a publish counts as unanswered. */
const publishTimeout = 5_000;
/** The same for requests of the API. A server that died does not answer those that were on their way: the sooner they are given up, the sooner its successor is asked. */
const requestTimeout = 4_000;
/** The same for requests that go through a stream: a list of 100,000 subjects takes a second or two. */
const searchTimeout = 10_000;
const isSearch = (name: string, body: object | undefined): boolean =>
  body !== undefined && /^STREAM\.(INFO|PURGE)\.(?!.*_nodes$)/.test(name);

/** The API over a connection. `ready` is waited for before each request. */
export function jetstreamApi(
  connection: NatsConnection,
  clock: Clock,
  requests: Pick<ApiRequests, 'send'>,
  ready: () => Promise<void> | undefined = () => undefined,
): JetStreamApi {
  async function request<T>(subject: string, body: string | Uint8Array, options: ApiRequestOptions): Promise<T> {
    const waiting = ready();
    if (waiting) await waiting;
    const answer = (await requests.send(subject, body, options)).json<T & { error?: ApiError }>();
    if (answer.error) throw new JetStreamApiError(answer.error);
    return answer;
  }
  return {
    connection,
    clock,
    ready,
    ask: (name, body) =>
      request(`$JS.API.${name}`, body === undefined ? '' : JSON.stringify(body), {
        timeout: isSearch(name, body) ? searchTimeout : requestTimeout,
      }),
    async publish(subject, body, headers) {
      const options = { timeout: publishTimeout, ...(headers === undefined ? {} : { headers }) };
      return (await request<{ seq: number }>(subject, body, options)).seq;
    },
  };
}

/** Which message of a stream: the last of a subject, the one with a sequence, or the first of a subject from a sequence on. */
export type Which =
  | { readonly last_by_subj: string }
  | { readonly seq: number }
  | { readonly seq: number; readonly next_by_subj: string };

/** A message from the leader of a stream: never older than what was acknowledged before. */
export async function messageFromLeader(
  api: JetStreamApi,
  stream: string,
  which: Which,
): Promise<StreamMessage | undefined> {
  interface Found {
    readonly message: { subject: string; seq: number; hdrs?: string; data?: string };
  }
  const found = await api.ask<Found>(`STREAM.MSG.GET.${stream}`, which).catch((thrown: unknown) => {
    if (thrown instanceof JetStreamApiError && thrown.code === noMessage) return undefined;
    throw thrown;
  });
  if (!found) return undefined;
  const { subject, seq, hdrs = '', data = '' } = found.message;
  return {
    sequence: seq,
    subject,
    headers: parseHeaders(Buffer.from(hdrs, 'base64').toString('utf8')),
    body: Buffer.from(data, 'base64'),
  };
}

/** The server's code for a message that is not there. */
const noMessage = 10_037;
