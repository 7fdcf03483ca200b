/** How far this process has checked each actor's chain: a load looks at what came since, so it costs the same after ten thousand commits. */
import type { Address } from '../contracts/ids.ts';
import type { Vouched } from './vouched.ts';

/** A chain that held, up to and with the commit `seq`. */
export interface Checkpoint extends Vouched {
  readonly seq: number;
  /** Of the commit before, and of this one. */
  readonly before: string;
  readonly hash: string;
}

/** So many actors are remembered; of the others the whole chain is checked again. */
const most = 10_000;

export class Checked {
  readonly #actors = new Map<Address, Checkpoint>();

  get(actor: Address): Checkpoint | undefined {
    return this.#actors.get(actor);
  }

  set(actor: Address, checkpoint: Checkpoint): void {
    this.#actors.delete(actor);
    this.#actors.set(actor, checkpoint);
    const [oldest] = this.#actors.keys();
    if (this.#actors.size > most) this.#actors.delete(oldest!);
  }
}
