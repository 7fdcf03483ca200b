/** Would what the server acknowledges survive a power cut? Its clients are not told; its monitor is asked, or the system account where it may be. */
import type { NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/cause.ts';

export interface Durability {
  /** `safe`: on disk before it is acknowledged. `lossy`: some time after. */
  readonly is: 'safe' | 'lossy' | 'unknown';
  /** A sentence: how it is known, or what to do about it. */
  readonly says: string;
}

/** What `/varz` says, of which this is read. */
interface Varz {
  readonly server_id?: string;
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean; readonly sync_interval?: number } };
}

/** Milliseconds to wait for an answer. */
const patience = 2_000;
const remedy = 'Say "jetstream { sync_interval: always }" in the configuration of the server';

/** From the server's monitor, `http://host:8222` (its `http_port`). */
export async function askMonitor(connection: NatsConnection, monitor: string): Promise<Durability> {
  try {
    const answer = await fetch(new URL('/varz', monitor), { signal: AbortSignal.timeout(patience) });
    const varz = (await answer.json()) as Varz;
    if (varz.server_id === connection.info?.server_id) return judged(varz);
    return unknown(`the monitor at ${monitor} is that of another server`);
  } catch (thrown) {
    return unknown(`the monitor at ${monitor} gives no answer (${reasonOf(thrown)})`);
  }
}

/** From the server itself, where this user may ask it: few may. */
export async function askSystem(connection: NatsConnection): Promise<Durability> {
  try {
    const subject = `$SYS.REQ.SERVER.${connection.info?.server_id ?? ''}.VARZ`;
    const { data = {} } = (await connection.request(subject, '', { timeout: patience })).json<{ data?: Varz }>();
    return judged(data);
  } catch {
    return unknown('a client is not told');
  }
}

function judged({ jetstream }: Varz): Durability {
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
