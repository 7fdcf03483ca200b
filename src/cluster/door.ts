/** The door of a definition: whoever can send JSON over NATS can start a run of it, or join one, and hear how it ends. The nodes that offer it answer in turn. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { sleep, type Clock } from '../contracts/clock.ts';
import { toFailure, TroupeError } from '../contracts/failure.ts';
import type { ActorRow } from '../journal/journal.ts';
import { outcomeOf } from '../outcome.ts';
import type { RunHandle, RunOutcome, Runtime } from '../runtime.ts';
import type { Answer } from './answer.ts';
import { originOf, type Holdings, type Offered } from './holdings.ts';
import { roomIn } from '../nats/connection.ts';
import { jsonIn, respond } from './line.ts';

/** The same key is the same run: asked again, it is joined, or its result given again. */
export const keyHeader = 'Troupe-Key';
/** Set to anything: the answer comes as soon as the run is kept, and its result is asked for later, under its key. */
export const detachHeader = 'Troupe-Detach';
/** Milliseconds after which a run that goes on is answered `active`; an hour unless told otherwise. */
export const patienceHeader = 'Troupe-Patience';
/** With a key and no payload: the bytes of the answer from this one on, as many as a message may have. */
export const offsetHeader = 'Troupe-Offset';

export interface DoorOptions {
  readonly connection: NatsConnection;
  readonly subject: string;
  readonly offer: Offered;
  readonly runtime: Runtime;
  readonly holdings: Holdings;
  readonly clock: Clock;
  /** Has this node as many runs as it may? Then it begins none; it still tells how others stand. */
  isFull(): boolean;
}

/** How often a run that went elsewhere is looked at; milliseconds. */
const glance = 250;
/** For so long a run that is not known here may only not have been heard of yet; milliseconds. */
const rumour = 1_500;
/** Nobody who asks is waited for longer; milliseconds. */
const longest = 3_600_000;

export function door({ connection, subject, offer, runtime, holdings, clock, isFull }: DoorOptions): Subscription {
  /** How runs end that are here: asked for once, however many wait for it. */
  const outcomes = new Map<string, Promise<RunOutcome>>();
  const subscription = connection.subscribe(subject, {
    queue: 'troupe',
    callback: (error, message) => {
      if (error) return;
      void answer(message)
        .catch((thrown: unknown): Answer => ({ status: 'refused', failure: toFailure(thrown) }))
        .then((said) => tell(message, said));
    },
  });

  async function answer(message: Msg): Promise<Answer> {
    const input = jsonIn(message);
    const { headers } = message;
    const key = headers?.get(keyHeader) || undefined;
    const patience = Math.min(Number(headers?.get(patienceHeader)) || longest, longest);
    const until = clock.now() + patience;
    // With a key and nothing else, only the result is asked for.
    if (key !== undefined && message.data.length === 0) {
      await requireKnown(key);
      return ended(key, holdings.all.get(key)?.handle, until);
    }
    if (isFull() && (key === undefined || !(await rootOf(key))))
      throw new TroupeError('transient', 'This node has as many runs as it may. Ask again; others may have room.');
    const begun = runtime.start(offer.subject, input, key === undefined ? {} : { key });
    const handle = await begun.catch((thrown: unknown) => {
      if (key === undefined || toFailure(thrown).kind !== 'owned_elsewhere') throw thrown;
      return undefined;
    });
    const run = handle?.id ?? key!;
    if (handle) holdings.watch(offer.name, handle);
    return headers?.has(detachHeader) ? { run, status: 'active' } : ended(run, handle, until);
  }

  /** Its root, where it has begun. Throws `conflict` for a run of another definition: who may ask at this door may not ask for that one's results. */
  async function rootOf(run: string): Promise<ActorRow | undefined> {
    const [root] = await runtime.journal.find({ run, parent: null, limit: 1 });
    if (root && originOf(root).name !== offer.name)
      throw new TroupeError('conflict', `The run "${run}" is not one of "${offer.name}". Choose another key.`);
    return root;
  }

  async function requireKnown(run: string): Promise<void> {
    for (const until = clock.now() + rumour; !(await rootOf(run)); await sleep(clock, glance))
      if (clock.now() >= until)
        throw new TroupeError('invalid', `There is no run "${run}"; give it an input to start it.`);
  }

  /** Wherever the run is by then. A node that leaves says so, and the question may be put again under the run's id. */
  async function ended(run: string, handle: RunHandle | undefined, until: number): Promise<Answer> {
    const here = handle && (await inTime(outcomeHere(handle), until));
    if (here && here.status !== 'parked') return answerOf(run, here);
    for (let before = ''; ; await sleep(clock, glance)) {
      const root = await rootOf(run);
      const there = root && outcomeOf(root);
      if (there) return answerOf(run, there);
      if (subscription.isClosed()) return { run, status: 'parked' };
      if (clock.now() >= until) return { run, status: 'active' };
      const tickets = (await runtime.tickets(run)).filter(({ answered }) => !answered);
      const now = `${root?.seq} ${tickets.map(({ id }) => id).join(' ')}`;
      // What stood still from one glance to the next waits for them.
      if (tickets.length > 0 && now === before) return answerOf(run, { status: 'waiting', tickets });
      before = now;
    }
  }

  function outcomeHere(handle: RunHandle): Promise<RunOutcome> {
    const known = outcomes.get(handle.id);
    if (known) return known;
    const asked = handle.outcome({ returnWhenWaiting: true }).finally(() => outcomes.delete(handle.id));
    outcomes.set(handle.id, asked);
    return asked;
  }

  async function inTime<T>(doing: Promise<T>, until: number): Promise<T | undefined> {
    const over = new AbortController();
    const late = sleep(clock, Math.max(0, until - clock.now()), over.signal).catch(() => {});
    return Promise.race([doing, late as Promise<undefined>]).finally(() => over.abort());
  }

  function tell(message: Msg, said: Answer): void {
    const bytes = new TextEncoder().encode(JSON.stringify(said));
    const room = roomIn(connection);
    const from = message.headers?.get(offsetHeader);
    if (from) respond(message, bytes.subarray(Number(from), Number(from) + room));
    else if (bytes.length <= room) respond(message, bytes);
    else respond(message, JSON.stringify(tooLarge(said, bytes.length) satisfies Answer));
  }

  return subscription;
}

/** What a run gives is JSON; its type says that nobody changes it, which nobody who reads it minds. */
const answerOf = (run: string, outcome: RunOutcome): Answer => ({ run, ...outcome }) as Answer;

const tooLarge = (said: Answer, bytes: number): Answer =>
  'run' in said
    ? { status: 'large', run: said.run, bytes }
    : {
        status: 'refused',
        failure: toFailure(new TroupeError('internal', `The refusal has ${bytes} bytes: too much for a message.`)),
      };
