/** The circuit breaker of a model: its machine, stepped in place. A call that succeeds while the breaker is closed and without failures takes no step. */
import { initialTransition, transition, type SnapshotFrom } from 'xstate';
import { gatewayMachine, type GatewayEvent, type GatewaySettings } from '../machines/gateway.ts';
import type { Breaker } from '../src/gateway/breaker.ts';

const defaults: GatewaySettings = { threshold: 5, pause: 5_000, longest: 120_000 };

/** Makes a breaker. By default five failures open it for 5 seconds, at most for 2 minutes. */
export function breaker(settings: Partial<GatewaySettings> = {}): Breaker {
  let [snapshot]: [SnapshotFrom<typeof gatewayMachine>, ...unknown[]] = initialTransition(gatewayMachine, {
    ...defaults,
    ...settings,
  });
  const step = (event: GatewayEvent) => {
    [snapshot] = transition(gatewayMachine, snapshot, event);
  };
  return {
    allows(now) {
      if (snapshot.value === 'closed') return true;
      const { until } = snapshot.context;
      step({ type: 'call.wanted', at: now });
      return snapshot.context.until !== until;
    },
    succeeded() {
      if (snapshot.value === 'closed' && snapshot.context.failures === 0) return;
      step({ type: 'call.succeeded' });
    },
    failed: (now, { retryAfter }) =>
      step({ type: 'call.failed', at: now, ...(retryAfter === undefined ? {} : { retryAfter }) }),
  };
}
