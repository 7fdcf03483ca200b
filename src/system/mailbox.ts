/** What an actor has yet to handle: bounded for messages (E10), never for what it asked for itself (results, timers). */
import { TroupeError } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { MailboxPolicy } from './actorType.ts';

export class Mailbox<Item extends { readonly own: boolean; refuse(error: TroupeError): void }> {
  readonly #address: Address;
  readonly #policy: MailboxPolicy;
  #items: Item[] = [];
  #first = 0;
  #messages = 0;
  #blocked: (() => void)[] = [];

  constructor(address: Address, policy: MailboxPolicy) {
    this.#address = address;
    this.#policy = policy;
  }

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** Takes an item in, or says what the policy says about a full mailbox. Resolves once it is in: only `block` waits. */
  put(item: Item): void | Promise<void> {
    if (item.own) return void this.#items.push(item);
    if (this.#messages < this.#policy.limit) return this.#add(item);
    switch (this.#policy.whenFull) {
      case 'block':
        return new Promise<void>((room) => this.#blocked.push(room)).then(() => this.#add(item));
      case 'drop-oldest': {
        const oldest = this.#items.findIndex((other, index) => index >= this.#first && !other.own);
        const [dropped] = this.#items.splice(oldest, 1);
        this.#messages--;
        dropped?.refuse(this.#full('It was the oldest, and made room for a newer one.'));
        return this.#add(item);
      }
      case 'reject':
        throw this.#full('Send more slowly, or raise its mailbox limit.');
    }
  }

  take(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first]!;
    this.#first++;
    if (this.#first > 32 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    if (!item.own) {
      this.#messages--;
      this.#blocked.shift()?.();
    }
    return item;
  }

  #add(item: Item): void {
    this.#messages++;
    this.#items.push(item);
  }

  #full(todo: string): TroupeError {
    return new TroupeError(
      'mailbox_full',
      `${this.#address} has ${this.#policy.limit} messages waiting and takes no more. ${todo}`,
    );
  }
}
