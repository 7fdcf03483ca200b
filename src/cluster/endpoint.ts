/** The endpoint of a definition: any client that can send JSON over NATS can start a run of it, or join one, and receive its result. The nodes that offer the definition answer in turn. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { sleep, type Clock } from '../values/clock.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { ActorRow } from '../journal/journal.ts';
import { withUnsettled } from '../runtime/unsettled.ts';
import { requireNoPaths } from '../runtime/inputParts.ts';
import { outcomeOf } from '../runtime/outcome.ts';
import { mayRetry, retryWithoutKey } from '../runtime/retry.ts';
import { standingsOf } from '../runtime/standing.ts';
import type { Runnable, RunHandle, RunOutcome, Runtime } from '../runtime/runtime.ts';
import { awaitedSignals } from '../runtime/awaitedSignals.ts';
import { isToldToPause } from '../runtime/paused.ts';
import type { RunResponse } from './response.ts';
import { definitionWith, runOrigin, type NodeRuns, type OfferedDefinition } from './runs.ts';
import { blobHeader } from '../nats/bodies.ts';
import { maxBodyBytes } from '../nats/connection.ts';
import { subscribeTo } from '../nats/subscribe.ts';
import type { ObjectStore } from '../nats/objectStore.ts';
import { decodeJson, rpcRespond } from './rpc.ts';

/** The header with the run's key. A second request with the same key joins the same run, or receives its result. */
export const keyHeader = 'Troupe-Key';
/** With this header, the key was made for this request, and no other one has named it before: the node does not look for an earlier run. */
export const newHeader = 'Troupe-New';
/** When this header has any value, the response comes as soon as the run is stored. Its result is requested later, under its key. */
export const detachHeader = 'Troupe-Detach';
/** With this header and a key, a run that has failed goes on from the step that failed; what succeeded is kept. */
export const retryHeader = 'Troupe-Retry';
/** The header with the milliseconds after which a run that has not ended is answered with `active`. Default: an hour. */
export const patienceHeader = 'Troupe-Patience';
/** The header with an offset in bytes. With a key and no payload, the response is the part of the answer from this offset on that fits in a message. */
export const offsetHeader = 'Troupe-Offset';

/** What an endpoint works with. */
export interface EndpointOptions {
  readonly connection: NatsConnection;
  readonly subject: string;
  readonly offer: OfferedDefinition;
  readonly runtime: Runtime;
  readonly runs: NodeRuns;
  readonly clock: Clock;
  /** Where bodies are that were too large for a message. */
  readonly bodies: ObjectStore;
  /** Does this node take no more runs? Then it starts none, and still answers for runs that exist. */
  isFull(): boolean;
  /** Called with how each request was answered: the status of its response, or `full` when there was no room for its run. */
  onAnswer(status: RunResponse['status'] | 'full'): void;
}

/** Milliseconds between two looks at a run that another node has. */
const pollInterval = 250;
/** Milliseconds in which a run that another node stored may not have reached this node's journal yet. */
const propagationDelay = 1_500;
/** The longest time in milliseconds that a request may wait. */
const maxPatience = 3_600_000;

/** Serves a definition at its subject until the subscription is closed. */
export function serveEndpoint({
  connection,
  subject,
  offer,
  runtime,
  runs,
  clock,
  bodies,
  isFull,
  onAnswer,
}: EndpointOptions): Subscription {
  /** By run: its outcome, which is requested once for all clients that wait. */
  const outcomes = new Map<string, Promise<RunOutcome>>();
  const answer = async (message: Msg) => {
    const response = await respondTo(message).catch((thrown: unknown): RunResponse => ({
      status: 'refused',
      failure: toFailure(thrown),
    }));
    onAnswer(response.status === 'refused' && response.failure.message === noRoom().message ? 'full' : response.status);
    send(message, response);
  };
  const subscription = subscribeTo(connection, subject, answer, { queue: 'troupe' });

  async function respondTo(message: Msg): Promise<RunResponse> {
    const { headers } = message;
    const blob = headers?.get(blobHeader) || undefined;
    const body = blob === undefined ? message.data : await bodies.getBytes(blob);
    const key = headers?.get(keyHeader) || undefined;
    const patience = Math.min(Number(headers?.get(patienceHeader)) || maxPatience, maxPatience);
    const until = clock.now() + patience;
    const retry = headers?.has(retryHeader) === true;
    if (retry && key === undefined) throw retryWithoutKey();
    // With a key and no input, only the result is requested. A body that is gone was removed by the node that has stored the run.
    if (key !== undefined && (body === undefined || body.length === 0)) {
      await requireKnown(key);
      const retried = retry ? await retryStored(key, until) : undefined;
      if (retried && headers?.has(detachHeader)) return { run: key, status: 'active' };
      return ended(key, retried ?? (await runs.handleOf(key)), until);
    }
    if (isFull() && (key === undefined || retry || !(await rootOf(key)))) throw noRoom();
    if (body === undefined)
      throw new TroupeError(
        'invalid',
        `The input is not in the object store as ${blob}. Put it there again, and ask again.`,
      );
    const input = decodeJson({ data: body, subject });
    requireNoPaths(offer.runnable, input);
    const isNew = key !== undefined && headers?.has(newHeader) === true;
    const started = await inTime(start(input, key, { until, retry, isNew }), until);
    if (!started) throw notStored(key);
    const { run, handle } = started;
    // It is stored with the run by now. What cannot be removed goes by itself, after a day.
    if (blob !== undefined) void bodies.remove(blob).catch(() => {});
    return headers?.has(detachHeader) ? { run, status: 'active' } : ended(run, handle, until);
  }

  const noRoom = () =>
    new TroupeError('transient', 'This node has as many runs as it may. Ask again; others may have room.');

  /** Retries a run with its stored input, and the settings with which it was started. Undefined when it has not failed, or another node does it. */
  async function retryStored(run: string, until: number): Promise<RunHandle | undefined> {
    const root = await rootOf(run);
    if (!root || !mayRetry(root)) return undefined;
    if (isFull()) throw noRoom();
    const subject = await definitionWith(offer, runOrigin(root).args);
    return watched(subject, await whenFree(run, until, root.seq, () => runtime.retry(run, subject)));
  }

  /** The run is here now, if it has a handle. */
  function watched<T extends RunHandle | undefined>(subject: Runnable, handle: T): T {
    if (!handle) return handle;
    runs.watch(offer.name, handle);
    runs.noteVersion(handle, subject);
    return handle;
  }

  /**
   * Waits while another process has the run and nothing has come of it yet: it has stored nothing, or it is about to give back the run that is to be retried,
   * whose root has failed with the commit `failedAt`. Undefined when the run goes on there.
   */
  async function whenFree<T>(
    run: string,
    until: number,
    failedAt: number | undefined,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        if (toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
        const root = await rootOf(run);
        if (root && (root.seq !== failedAt || !mayRetry(root))) return undefined;
        // Whoever has the lease may have died before it stored anything: then nobody keeps the run.
        if (clock.now() >= until || subscription.isClosed()) throw notStored(run);
        await sleep(clock, pollInterval);
      }
    }
  }

  /** What became of it shows when the client asks again under the key. */
  const notStored = (key: string | undefined) =>
    new TroupeError(
      'transient',
      `The run${key === undefined ? '' : ` "${key}"`} is not stored yet: ${runtime.journal.trouble?.() ?? 'another process has it'}. Ask again.`,
    );

  /** Starts a run, or resumes the one with this key. Resolves once its root is in the journal; without a handle, another node has it. */
  async function start(
    input: Json,
    key: string | undefined,
    { until, retry, isNew }: { readonly until: number; readonly retry: boolean; readonly isNew: boolean },
  ): Promise<{ run: string; handle?: RunHandle }> {
    if (key === undefined) {
      const handle = watched(offer.runnable, await runtime.start(offer.runnable, input, {}));
      return { run: handle.id, handle };
    }
    await runs.handleOf(key);
    // A stored run goes on with the settings with which it was started. It is looked up here only where that can make a difference: one that has ended only gives its result.
    const mayDiffer = offer.definitionFor !== undefined && !isNew;
    const before = retry || mayDiffer ? await rootOf(key) : undefined;
    const goesOn = before && (before.status === 'active' || (retry && mayRetry(before)));
    const subject = goesOn ? await definitionWith(offer, runOrigin(before).args) : offer.runnable;
    const failedAt = retry ? before?.seq : undefined;
    const start = () => runtime.start(subject, input, { key, retry, isNew });
    const handle = watched(subject, await whenFree(key, until, failedAt, start));
    return handle ? { run: key, handle } : { run: key };
  }

  /** The root of a run; undefined when it has not begun. Throws `conflict` for a run of another definition: a client of this endpoint may not read the results of others. */
  async function rootOf(run: string): Promise<ActorRow | undefined> {
    const [root] = await runtime.journal.find({ run, parent: null, limit: 1 });
    if (root && runOrigin(root).name !== offer.name)
      throw new TroupeError('conflict', `The run "${run}" is not one of "${offer.name}". Choose another key.`, {
        data: { run, differs: true },
      });
    return root;
  }

  async function requireKnown(run: string): Promise<void> {
    for (const until = clock.now() + propagationDelay; !(await rootOf(run)); await sleep(clock, pollInterval))
      if (clock.now() >= until)
        throw new TroupeError('invalid', `There is no run "${run}"; give it an input to start it.`);
  }

  /** Waits for the end of a run, at whichever node it is. When this node leaves, the answer is `parked`, and the client asks again under the run's key. */
  async function ended(run: string, handle: RunHandle | undefined, until: number): Promise<RunResponse> {
    const here = handle && (await inTime(outcomeHere(handle), until));
    if (here && here.status !== 'parked') return answerOf(run, here);
    for (let before = ''; ; await sleep(clock, pollInterval)) {
      const root = await rootOf(run);
      const there = root && outcomeOf(root);
      if (there) return answerOf(run, await withUnsettled(runtime.journal, run, there));
      if (!root) throw new TroupeError('invalid', `There is no run "${run}" any more; it was deleted.`);
      if (subscription.isClosed()) return { run, status: 'parked' };
      if (clock.now() >= until) return { run, status: 'active' };
      const tickets = (await runtime.tickets(run)).filter(({ answered }) => !answered);
      const current = `${root.seq} ${tickets.map(({ id }) => id).join(' ')}`;
      const signals = await awaitedSignals(runtime.journal, run);
      const mayWait = tickets.length > 0 || isToldToPause(root) || signals.length > 0;
      // When nothing has changed since the last look, the run may wait for these.
      if (mayWait && current === before) {
        // An effect that takes long changes nothing either, and may still move it on.
        const standing = (await standingsOf(runtime, [root])).get(run);
        if (standing?.status === 'waiting')
          return answerOf(run, {
            status: 'waiting',
            tickets,
            ...(signals.length > 0 ? { signals } : {}),
            ...(standing.paused ? { paused: true } : {}),
          });
      }
      before = current;
    }
  }

  function outcomeHere(handle: RunHandle): Promise<RunOutcome> {
    const known = outcomes.get(handle.id);
    if (known) return known;
    const asked = handle.outcome({ returnWhenWaiting: true }).finally(() => outcomes.delete(handle.id));
    outcomes.set(handle.id, asked);
    return asked;
  }

  /** Undefined when it is not done in time. */
  async function inTime<T>(doing: Promise<T>, until: number): Promise<T | undefined> {
    let timer: Disposable | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = clock.wake(until, () => resolve(undefined));
    });
    return Promise.race([doing, late]).finally(() => timer?.[Symbol.dispose]());
  }

  function send(message: Msg, response: RunResponse): void {
    const bytes = new TextEncoder().encode(JSON.stringify(response));
    const room = maxBodyBytes(connection);
    const from = message.headers?.get(offsetHeader);
    if (from) rpcRespond(message, bytes.subarray(Number(from), Number(from) + room));
    else if (bytes.length <= room) rpcRespond(message, bytes);
    else rpcRespond(message, JSON.stringify(tooLarge(response, bytes.length) satisfies RunResponse));
  }

  return subscription;
}

/** The cast drops `readonly`: the outcome's JSON is only serialized. */
const answerOf = (run: string, outcome: RunOutcome): RunResponse => ({ run, ...outcome }) as RunResponse;

const tooLarge = (response: RunResponse, bytes: number): RunResponse =>
  'run' in response
    ? { status: 'large', run: response.run, bytes }
    : {
        status: 'refused',
        failure: toFailure(new TroupeError('internal', `The refusal has ${bytes} bytes: too much for a message.`)),
      };
