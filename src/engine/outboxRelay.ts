/**
 * Sends an actor's committed messages: in order per recipient, until each is taken, rejected for good, or too late. Replies to a reply channel need no order,
 * since each reply names its ask. The ends of several children come after what was sent before them, and not one after the other: their parent takes them together.
 */
import { backoff } from '../values/backoff.ts';
import { sleep, type Clock } from '../values/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import { actorTypeOf, type Address } from '../values/ids.ts';
import { isEndMessage } from '../core/systemMessages.ts';
import type { Journal } from '../journal/journal.ts';
import type { ActiveTask, Activity } from './activity.ts';
import type { Transport } from '../transport/transport.ts';

/** What the outbox relay works with. */
export interface OutboxRelayOptions {
  /** Where messages are sent. */
  readonly transport: Transport;
  /** Where messages are settled. */
  readonly journal: Journal;
  /** Where each message is under way until it is settled. */
  readonly activity: Pick<Activity, 'begin'>;
  /** For the pauses between two attempts. */
  readonly clock: Clock;
  /** Fires when the host closes: what is not delivered by then stays in the journal. */
  readonly ending: AbortSignal;
  /** The epoch of the run's lease, when this process holds it. */
  epoch(run: string): number | undefined;
  /** Resolves when the actors of a run of this host are there, where it was not loaded. */
  wake(run: string): Promise<unknown>;
  /** Stores a message that no actor takes, and settles it. `epoch` is that of when it was sent: the lease of a run may be released before its last message is delivered. */
  onUndeliverable(envelope: Envelope, failure: Failure, epoch: number | undefined): Promise<void>;
  /** A message of the run is no longer on its way: it waits to be tried again. Default: nothing. */
  onPause?(run: string): void;
}

const newSending = (): Sending => ({
  messages: 0,
  queued: new Map(),
  paused: new Set(),
  tasks: new Set(),
  released: false,
});

/** One message less is on its way to the recipient. */
function leave(counts: Map<Address, number>, to: Address): void {
  const left = (counts.get(to) ?? 1) - 1;
  if (left === 0) counts.delete(to);
  else counts.set(to, left);
}

/** Bounds of the pause between two attempts, in milliseconds. */
const bounds = { first: 10, longest: 5_000 };

interface Sending {
  messages: number;
  /** How many messages each recipient is still to get. */
  readonly queued: Map<Address, number>;
  /** Recipients that do not take their next message for now: it is tried again later. */
  readonly paused: Set<Address>;
  /** The lease was lost: the process that holds it now sends the messages, in their order. */
  released: boolean;
  /** One for each message, until it is settled. */
  readonly tasks: Set<ActiveTask>;
}

/** Sends committed messages until they are settled. */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #queues = new Map<Address, Promise<void>>();
  /** How many ends of children are on their way to a parent. */
  readonly #ends = new Map<Address, number>();
  /** The messages of each run that are being sent. */
  readonly #sending = new Map<string, Sending>();

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  /** Is a message of the run on its way to a recipient that takes it now? */
  isMoving(run: string): boolean {
    const sending = this.#sending.get(run);
    return sending !== undefined && sending.queued.size > sending.paused.size;
  }

  /** Are messages on their way to this recipient? A further one must come after them. */
  isSendingTo(address: Address): boolean {
    return this.#queues.has(address) || this.#ends.has(address);
  }

  /** The message's id is the key that is settled once the message is delivered or given up. */
  send(envelope: Envelope): void {
    const { run, to } = envelope;
    const { activity } = this.#options;
    const sending = this.#sending.get(run) ?? newSending();
    this.#sending.set(run, sending);
    sending.messages++;
    sending.queued.set(to, (sending.queued.get(to) ?? 0) + 1);
    const task = activity.begin(run);
    sending.tasks.add(task);
    const epoch = this.#options.epoch(run);
    // `door` is the stored address type of a reply channel.
    const isOrdered = actorTypeOf(to) !== 'door';
    const isEnd = isEndMessage(envelope);
    const before = isOrdered ? this.#queues.get(to) : undefined;
    if (isEnd) this.#ends.set(to, (this.#ends.get(to) ?? 0) + 1);
    const deliver = () => this.#deliver(envelope, epoch, sending);
    // No delivery rejects.
    const queued: Promise<void> = (before ? before.then(deliver) : deliver()).then(() => {
      if (this.#queues.get(to) === queued) this.#queues.delete(to);
      if (isEnd) leave(this.#ends, to);
      leave(sending.queued, to);
      if (--sending.messages === 0 && this.#sending.get(run) === sending) this.#sending.delete(run);
      sending.tasks.delete(task);
      task[Symbol.dispose]();
    });
    if (isOrdered && !isEnd) this.#queues.set(to, queued);
  }

  /** The lease of the run was lost: what is not delivered by now is sent by the next process that holds it. */
  release(run: string): void {
    const sending = this.#sending.get(run);
    this.#sending.delete(run);
    if (!sending) return;
    sending.released = true;
    for (const task of sending.tasks) task[Symbol.dispose]();
  }

  /** Never rejects: the next message in the queue waits for it. */
  async #deliver(envelope: Envelope, epoch: number | undefined, sending: Sending): Promise<void> {
    const { transport, clock, ending, journal, onUndeliverable } = this.#options;
    for (let failed = 1; !ending.aborted && !sending.released; failed++) {
      try {
        await transport.send(envelope);
        return journal.settle(envelope.run, [envelope.id]);
      } catch (thrown) {
        if (sending.released) return;
        const failure = await this.#checkRejection(envelope, toFailure(thrown)).catch(toFailure);
        if (ending.aborted || failure === 'arrived' || failure.kind === 'fenced') return;
        if (!failure.retryable) {
          const stored = await onUndeliverable(envelope, failure, epoch).then(() => 'kept' as const, toFailure);
          if (stored === 'kept' || stored.kind === 'fenced') return;
        }
      }
      sending.paused.add(envelope.to);
      this.#options.onPause?.(envelope.run);
      await sleep(clock, backoff(failed, bounds, clock.random()), ending).catch(() => {});
      sending.paused.delete(envelope.to);
    }
  }

  /** A rejection is checked first: the recipient may have handled the message before, or run in another process. */
  async #checkRejection(envelope: Envelope, failure: Failure): Promise<Failure | 'arrived'> {
    if (failure.retryable || failure.kind === 'fenced') return failure;
    const { journal, epoch, wake } = this.#options;
    const { to, id } = envelope;
    if (await journal.handled(to, id)) return this.#settle(envelope);
    if (failure.kind !== 'unknown_recipient') return failure;
    const [row] = await journal.find({ actor: to });
    if (!row) return failure;
    if (row.status !== 'active')
      return toFailure(new TroupeError('conflict', `${to} has ended (${row.status}); it takes no more messages.`));
    await wake(row.run);
    if (epoch(row.run) !== undefined) return { ...failure, retryable: true };
    await journal.post({ ...envelope, run: row.run, posted: this.#options.clock.now() });
    return this.#settle(envelope);
  }

  #settle({ run, id }: Envelope): 'arrived' {
    this.#options.journal.settle(run, [id]);
    return 'arrived';
  }
}
