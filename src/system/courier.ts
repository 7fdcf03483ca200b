/** Carries an actor's committed messages to where they go: in order per recipient, until taken, refused for good, or too late. */
import { sleep, type Clock } from '../contracts/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, TroupeError, type Failure } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { Journal } from '../journal/journal.ts';
import type { Transport } from '../transport/transport.ts';

export interface CourierOptions {
  readonly transport: Transport;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Fires when the host closes: what is not delivered by then stays in the journal. */
  readonly ending: AbortSignal;
  /** Of the run's owner, when it is this process. */
  epoch(run: string): number | undefined;
  /** Keeps what nobody takes, and settles it. `epoch` is that of when it was sent: a run may be let go of before its last message has arrived. */
  undelivered(envelope: Envelope, failure: Failure, epoch: number | undefined): Promise<void>;
}

export class Courier {
  readonly #options: CourierOptions;
  readonly #lines = new Map<Address, Promise<void>>();
  /** How many messages of each run are on their way. */
  readonly #carrying = new Map<string, number>();

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  busy(run: string): boolean {
    return this.#carrying.has(run);
  }

  /** The message's id is the key that is settled once it is where it belongs, or nowhere. */
  send(envelope: Envelope): void {
    this.#count(envelope.run, 1);
    const epoch = this.#options.epoch(envelope.run);
    const before = this.#lines.get(envelope.to);
    const carried = before ? before.then(() => this.#carry(envelope, epoch)) : this.#carry(envelope, epoch);
    const line: Promise<void> = carried.finally(() => {
      if (this.#lines.get(envelope.to) === line) this.#lines.delete(envelope.to);
      this.#count(envelope.run, -1);
    });
    this.#lines.set(envelope.to, line);
  }

  #count(run: string, by: number): void {
    const left = (this.#carrying.get(run) ?? 0) + by;
    if (left === 0) this.#carrying.delete(run);
    else this.#carrying.set(run, left);
  }

  /** Never rejects: a line must go on. */
  async #carry(envelope: Envelope, epoch: number | undefined): Promise<void> {
    const { transport, clock, ending, journal, undelivered } = this.#options;
    for (let pause = 10; !ending.aborted; pause = Math.min(pause * 2, 5_000)) {
      try {
        await transport.send(envelope);
        return journal.settle([envelope.id]);
      } catch (thrown) {
        const failure = await this.#otherWay(envelope, toFailure(thrown)).catch(toFailure);
        if (ending.aborted || failure === 'arrived' || failure.kind === 'fenced') return;
        if (!failure.retryable) {
          const kept = await undelivered(envelope, failure, epoch).then(() => 'kept' as const, toFailure);
          if (kept === 'kept' || kept.kind === 'fenced') return;
        }
      }
      await sleep(clock, pause, ending).catch(() => {});
    }
  }

  /** A refusal is looked at before it is believed: the recipient may have handled the message before, or live in another process. */
  async #otherWay(envelope: Envelope, failure: Failure): Promise<Failure | 'arrived'> {
    if (failure.retryable || failure.kind === 'fenced') return failure;
    const { journal, epoch } = this.#options;
    const { to, id } = envelope;
    if (await journal.handled(to, id)) return this.#arrived(envelope);
    if (failure.kind !== 'unknown_recipient') return failure;
    const [row] = await journal.find({ actor: to });
    if (!row) return failure;
    if (row.status !== 'active')
      return toFailure(new TroupeError('conflict', `${to} has ended (${row.status}); it takes no more messages.`));
    if (epoch(row.run) !== undefined) return { ...failure, retryable: true };
    await journal.post({ ...envelope, run: row.run });
    return this.#arrived(envelope);
  }

  #arrived({ id }: Envelope): 'arrived' {
    this.#options.journal.settle([id]);
    return 'arrived';
  }
}
