/** Finds out whether acknowledged data would survive a power cut of the server. The client protocol does not say, so the server's monitor or its system account is asked. */
import type { NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../values/cause.ts';

/** What is known of a server. */
export interface Durability {
  /** `safe`: data is on disk before it is acknowledged. `lossy`: some time after. */
  readonly is: 'safe' | 'lossy' | 'unknown';
  /** A sentence with the reason, and with what to do about it. */
  readonly says: string;
}

/** The part of the server's `/varz` that is read. */
interface Varz {
  readonly server_id?: string;
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean; readonly sync_interval?: number } };
}

/** Milliseconds to wait for an answer. */
const timeout = 2_000;
const remedy = 'Say "jetstream { sync_interval: always }" in the configuration of the server';

/** Asks the server's monitor at `http://host:8222` (its `http_port`). */
export async function durabilityFromMonitor(connection: NatsConnection, monitor: string): Promise<Durability> {
  try {
    const answer = await fetch(new URL('/varz', monitor), { signal: AbortSignal.timeout(timeout) });
    const varz: Varz = await answer.json();
    if (varz.server_id === connection.info?.server_id) return durabilityOf(varz);
    return unknown(`the monitor at ${monitor} is that of another server`);
  } catch (thrown) {
    return unknown(`the monitor at ${monitor} gives no answer (${reasonOf(thrown)})`);
  }
}

/** Asks the server itself, which answers only users of its system account. */
export async function durabilityFromServer(connection: NatsConnection): Promise<Durability> {
  try {
    const subject = `$SYS.REQ.SERVER.${connection.info?.server_id ?? ''}.VARZ`;
    const { data = {} } = (await connection.request(subject, '', { timeout })).json<{ data?: Varz }>();
    return durabilityOf(data);
  } catch {
    return unknown('a client is not told');
  }
}

function durabilityOf({ jetstream }: Varz): Durability {
  const { sync_always: always, sync_interval: interval } = jetstream?.config ?? {};
  if (always) return { is: 'safe', says: 'sync_interval: always; what is acknowledged survives a power cut' };
  if (interval === undefined) return unknown('the server does not say');
  return {
    is: 'lossy',
    says: `the server writes to disk every ${interval / 1e9} s: a power cut loses commits of that time that were acknowledged. ${remedy}, or say that it is wanted (durability: 'lossy').`,
  };
}

const unknown = (why: string): Durability => ({
  is: 'unknown',
  says: `${why}, whether a power cut of the server could lose what it has acknowledged. ${remedy}, and name its monitor (TROUPE_NATS_MONITOR=http://host:8222) to have it checked.`,
});
