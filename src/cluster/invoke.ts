/** Requests a run from outside the cluster, and asks again until the run has ended: the node that has it may die, and a response may be lost. */
import { headers as newHeaders, RequestError } from '../nats/client.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { sleep, type Clock } from '../values/clock.ts';
import { reasonOf } from '../values/cause.ts';
import { fromFailure, TroupeError, type Failure } from '../values/failure.ts';
import { requireId } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import { blobHeader } from '../nats/bodies.ts';
import type { ObjectStore } from '../nats/objectStore.ts';
import { permissionError, watchPermissionErrors } from '../nats/permissionErrors.ts';
import { retryWithoutKey } from '../runtime/retry.ts';
import { RunResponse } from './response.ts';
import { detachHeader, keyHeader, newHeader, offsetHeader, patienceHeader, retryHeader } from './endpoint.ts';
import { maxBodyBytes } from '../nats/connection.ts';
import { decodeJson } from './rpc.ts';

/** How a run is requested. */
export interface InvokeOptions {
  /** Identifies the run: a second request with the same key joins it. Default: a new key. */
  readonly key?: string;
  /** Milliseconds to wait for its end; the run continues in any case. Default: 600,000. */
  readonly within?: number;
  /** With a key: a run that has failed goes on from the step that failed, and what succeeded is kept. Default: false. */
  readonly retry?: boolean;
  /** Resolves once the run is stored, without waiting for its end. Default: false. */
  readonly detach?: boolean;
}

/** What a caller learns of a run: it has ended, waits for a person, or goes on. */
export type InvokeResult = Exclude<
  RunResponse,
  {
    /** These three never reach a caller: `invoke` throws, reads the parts, or asks again. */
    status: 'refused' | 'large' | 'parked';
  }
>;

/** Where a run is requested. */
export interface RunEndpoint {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly subject: string;
  /** For an input that is too large for a message. */
  readonly bodies: ObjectStore;
  /** The name of the agent, team or machine. */
  readonly name: string;
}

/** Milliseconds after which a node answers `active` when the run has not ended. */
const patience = 5_000;
/** How long the response may be under way, in milliseconds. */
const latency = 5_000;
/** Milliseconds between two requests while the run is between two nodes, or all nodes are full. */
const pause = 500;

/** Requests a run and waits for its end. Rejects with the node's refusal, `unknown_recipient` when no node offers it, `timeout`, `auth`. */
export async function invoke(
  endpoint: RunEndpoint,
  input: Json | undefined,
  options: InvokeOptions,
): Promise<InvokeResult> {
  requireOptions('invoke', options, invokeOptionNames);
  const { key, within = 600_000, detach = false, retry = false } = options;
  if (retry && key === undefined) throw retryWithoutKey();
  const { clock, name } = endpoint;
  // The key is chosen before the first request: however often it is repeated, it is one run.
  const run = key === undefined ? `r${clock.id()}` : requireId('A run key', key);
  const until = clock.now() + within;
  await using body = await bodyOf(endpoint, input);
  const { payload } = body;
  /** A node has said that it knows the run. */
  let isBegun = false;
  let refusal: Failure | undefined;
  for (let [isOffered, isFirst] = [false, true]; clock.now() < until; isFirst = false) {
    const left = until - clock.now();
    const headers = {
      ...body.headers,
      [keyHeader]: run,
      // A request that is repeated may find what the first one has begun.
      ...(isFirst && key === undefined ? { [newHeader]: 'yes' } : {}),
      // Once a node has begun it, the run is only joined: one that fails again is not retried again.
      ...(retry && !isBegun ? { [retryHeader]: 'yes' } : {}),
      [patienceHeader]: `${Math.ceil(Math.min(patience, left - Math.min(latency / 5, left / 2)))}`,
    };
    const response = await ask(endpoint, payload, detach ? { ...headers, [detachHeader]: 'yes' } : headers, left);
    if (response === 'nobody' && !isOffered)
      throw new TroupeError('unknown_recipient', `No node offers "${name}". "troupe nodes" shows what they offer.`);
    isOffered ||= response !== 'nobody';
    if (typeof response !== 'string') {
      isBegun ||= response.status !== 'refused';
      refusal = response.status === 'refused' ? response.failure : undefined;
    }
    if (typeof response === 'string') await sleep(clock, Math.min(pause, left));
    else if (response.status === 'large') return readWhole(endpoint, run, response.bytes);
    else if (response.status === 'refused') {
      if (!response.failure.retryable) throw fromFailure(response.failure);
      await sleep(clock, Math.min(pause, left));
    } else if (response.status !== 'parked' && (response.status !== 'active' || detach)) return response;
  }
  throw new TroupeError('timeout', lateMessage(name, run, within, isBegun, refusal), {
    data: { run, begun: isBegun ? 'yes' : 'unknown' },
    ...(refusal === undefined ? {} : { cause: fromFailure(refusal) }),
  });
}

/** What is known after the time is over: that the run goes on, that it was refused, or nothing. */
function lateMessage(
  name: string,
  run: string,
  within: number,
  isBegun: boolean,
  refusal: Failure | undefined,
): string {
  const again = `Ask again with the key ${run}.`;
  if (isBegun) return `"${name}" gave no result within ${within} ms. The run continues. ${again}`;
  if (refusal)
    return `"${name}" was not started within ${within} ms, as far as its nodes know: ${refusal.message} ${again}`;
  return `No node that offers "${name}" answered within ${within} ms, so it is not known whether the run was started. ${again}`;
}

/** A body as it is sent, until it is disposed. */
interface SentBody extends AsyncDisposable {
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** The input as a payload; one that is too large for a message goes to the object store first. */
async function bodyOf({ connection, clock, name, bodies }: RunEndpoint, input: Json | undefined): Promise<SentBody> {
  const payload = new TextEncoder().encode(input === undefined ? '' : JSON.stringify(input));
  const room = maxBodyBytes(connection);
  if (payload.length <= room) return { payload, headers: {}, async [Symbol.asyncDispose]() {} };
  const blob = clock.id();
  const permissionErrors = watchPermissionErrors(connection);
  try {
    await bodies.open();
    await bodies.putBytes(blob, payload);
  } catch (cause) {
    const isDenied = (permissionError(cause) ?? permissionErrors.first) !== undefined;
    const reason = isDenied ? 'these credentials may not use its object store' : reasonOf(cause);
    throw new TroupeError(
      isDenied ? 'auth' : 'invalid',
      `The input of "${name}" has ${payload.length} bytes. This NATS server takes ${room} in a message, and a larger one could not be put into its object store: ${reason}. Send less, or a reference to the data; use credentials of a node or an operator; or raise the server's max_payload.`,
      { cause },
    );
  } finally {
    permissionErrors.stop();
  }
  return {
    payload: new Uint8Array(),
    headers: { [blobHeader]: blob },
    // The node that stores the run has removed it; where none did, nobody needs it. What cannot be removed goes by itself, after a day.
    [Symbol.asyncDispose]: () => bodies.remove(blob).catch(() => {}),
  };
}

async function ask(
  endpoint: RunEndpoint,
  payload: Uint8Array,
  headers: Readonly<Record<string, string>>,
  left: number,
): Promise<RunResponse | 'nobody' | 'silence'> {
  const message = await request(endpoint, payload, headers, left);
  return typeof message === 'string' ? message : RunResponse.parse(decodeJson(message));
}

async function request(
  { connection, subject }: RunEndpoint,
  payload: Uint8Array,
  sent: Readonly<Record<string, string>>,
  left: number,
): Promise<Msg | 'nobody' | 'silence'> {
  const headers = newHeaders();
  for (const [name, value] of Object.entries(sent)) headers.set(name, value);
  try {
    return await connection.request(subject, payload, {
      timeout: Math.max(1, Math.min(patience + latency, left)),
      headers,
    });
  } catch (cause) {
    const refusal = permissionError(cause);
    if (refusal) throw refusal;
    return cause instanceof RequestError && cause.isNoResponders() ? 'nobody' : 'silence';
  }
}

/** Reads a large response in parts. The result of a run that has ended does not change, so the parts fit together whichever node sends them. */
async function readWhole(endpoint: RunEndpoint, run: string, bytes: number): Promise<InvokeResult> {
  const parts: Uint8Array[] = [];
  for (let [offset, tries] = [0, 10]; offset < bytes;) {
    const part = await request(endpoint, new Uint8Array(), { [keyHeader]: run, [offsetHeader]: `${offset}` }, patience);
    if (typeof part !== 'string' && part.data.length > 0) {
      parts.push(part.data);
      offset += part.data.length;
    } else if (--tries > 0) await sleep(endpoint.clock, pause);
    else throw new TroupeError('timeout', `The result of "${run}" came in part only. Ask again with the key ${run}.`);
  }
  // A node sends nothing else in parts, and parsing it again would cost as much as its size.
  return decodeJson({ data: Buffer.concat(parts), subject: endpoint.subject }) as InvokeResult;
}

const invokeOptionNames: OptionNames<InvokeOptions> = {
  key: true,
  within: true,
  detach: true,
  retry: true,
};
