/** Which nodes there are, as this process hears it: each tells how it is once a second, and one that is not heard for a while is gone. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../contracts/clock.ts';
import { jsonIn } from './line.ts';
import { NodeReport } from './report.ts';

/** Milliseconds between two reports of a node. */
export const beat = 1_000;
/** A node that was not heard for so long is gone; milliseconds, by the clock of who listens. */
const silence = 3.5 * beat;

export class Peers implements Disposable {
  readonly #clock: Clock;
  /** By owner: names may be taken twice. */
  readonly #heard = new Map<string, { readonly report: NodeReport; readonly at: number }>();
  readonly #listening: Disposable;

  constructor(connection: NatsConnection, subject: string, clock: Clock) {
    this.#clock = clock;
    const subscription = connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        try {
          this.hear(NodeReport.parse(jsonIn(message)));
        } catch {
          // What is no report tells of no node.
        }
      },
    });
    this.#listening = { [Symbol.dispose]: () => subscription.unsubscribe() };
  }

  hear(report: NodeReport): void {
    this.#heard.set(report.owner, { report, at: this.#clock.now() });
  }

  /** By name. */
  get all(): NodeReport[] {
    const now = this.#clock.now();
    for (const [owner, { at }] of this.#heard) if (now - at > silence) this.#heard.delete(owner);
    return [...this.#heard.values()].map(({ report }) => report).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Another process of the same name, which nobody can tell from this one. */
  twinOf({ name, owner }: Pick<NodeReport, 'name' | 'owner'>): NodeReport | undefined {
    return this.all.find((peer) => peer.name === name && peer.owner !== owner && !peer.leaving);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
