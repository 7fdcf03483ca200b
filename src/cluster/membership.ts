/** The nodes of the cluster as this process knows them: each publishes a report once a second, and a node without a report for some time is taken for gone. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../values/clock.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { subscribeTo } from '../nats/subscribe.ts';
import { decodeJson } from './rpc.ts';
import { NodeReport } from './nodeReport.ts';

/** The heartbeat interval: milliseconds between two reports of a node. */
export const heartbeatInterval = 1_000;
/** Milliseconds without a report until a node is taken for gone, by the clock of this process. */
const failureTimeout = 3.5 * heartbeatInterval;

/** The nodes from which a report came lately. */
export class ClusterMembership implements Disposable {
  readonly #clock: Clock;
  /** By owner, because two nodes may have the same name. */
  readonly #reports = new Map<string, { readonly report: NodeReport; readonly at: number }>();
  readonly #subscription: Disposable;

  constructor(connection: NatsConnection, subject: string, clock: Clock) {
    this.#clock = clock;
    const subscription = subscribeTo(connection, subject, (message) => this.add(parseReport(decodeJson(message))));
    this.#subscription = { [Symbol.dispose]: () => subscription.unsubscribe() };
  }

  /** Takes a report in. */
  add(report: NodeReport): void {
    this.#reports.set(report.owner, { report, at: this.#clock.now() });
  }

  /** Their last reports, sorted by name. */
  get members(): NodeReport[] {
    const now = this.#clock.now();
    for (const [owner, { at }] of this.#reports) if (now - at > failureTimeout) this.#reports.delete(owner);
    return [...this.#reports.values()].map(({ report }) => report).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Another process that joined under the same name and is not leaving. */
  duplicateOf({ name, owner }: Pick<NodeReport, 'name' | 'owner'>): NodeReport | undefined {
    return this.members.find((peer) => peer.name === name && peer.owner !== owner && !peer.leaving);
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}

function parseReport(json: Json): NodeReport {
  const parsed = NodeReport.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new TroupeError('invalid', `it is no report of a node: ${describeMismatch(parsed.error, json)}`);
}
