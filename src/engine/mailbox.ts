/** What an actor has yet to handle: bounded for messages (E10), unbounded for what it started itself (results, timers). */
import { TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { MailboxPolicy } from '../core/actorType.ts';

interface Rejectable {
  readonly isInternal: boolean;
  reject(error: TroupeError): void;
}

/** The mailbox of one actor. */
export class Mailbox<Item extends Rejectable> {
  readonly #address: Address;
  readonly #policy: MailboxPolicy;
  #items: Item[] = [];
  #first = 0;
  #messages = 0;
  /** Messages that wait for room, in the order they came; undefined until one does. */
  #waiting: Item[] | undefined;

  constructor(address: Address, policy: MailboxPolicy) {
    this.#address = address;
    this.#policy = policy;
  }

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** Takes an item in, or does what the policy says about a full mailbox. */
  enqueue(item: Item): void {
    if (item.isInternal) return void this.#items.push(item);
    if (this.#messages < this.#policy.limit) return this.#add(item);
    switch (this.#policy.whenFull) {
      case 'block':
        (this.#waiting ??= []).push(item);
        return;
      case 'drop-oldest':
        this.#dropOldest();
        return this.#add(item);
      case 'reject':
        return item.reject(this.#full('Send more slowly, or raise its mailbox limit.', true));
    }
  }

  /** The item at a place, from 0; it stays where it is. */
  peek(at: number): Item | undefined {
    return this.#items[this.#first + at];
  }

  dequeue(): Item | undefined {
    const item = this.#items[this.#first];
    if (!item) return undefined;
    this.#first++;
    if (this.#first > 32 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    if (!item.isInternal) {
      this.#messages--;
      const next = this.#waiting?.shift();
      if (next) this.#add(next);
    }
    return item;
  }

  /** Everything, with what waits for room; the mailbox is empty then. */
  clear(): Item[] {
    const all = [...this.#items.slice(this.#first), ...(this.#waiting ?? [])];
    this.#waiting = undefined;
    this.#items = [];
    this.#first = 0;
    this.#messages = 0;
    return all;
  }

  #add(item: Item): void {
    this.#messages++;
    this.#items.push(item);
  }

  #dropOldest(): void {
    const oldest = this.#items.findIndex((item, index) => index >= this.#first && !item.isInternal);
    const [dropped] = this.#items.splice(oldest, 1);
    this.#messages--;
    // Not retryable: another attempt would only push out another message.
    dropped?.reject(this.#full('This was the oldest, and made room for a newer one.', false));
  }

  #full(advice: string, retryable: boolean): TroupeError {
    return new TroupeError(
      'mailbox_full',
      `${this.#address} has ${this.#policy.limit} messages waiting and takes no more. ${advice}`,
      { retryable },
    );
  }
}
