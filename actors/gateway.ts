/** The circuit breaker of a model: its machine, stepped in place. A call that succeeds while the breaker is closed and without failures takes no step. */
import { initialTransition, transition, type SnapshotFrom } from 'xstate';
import { gatewayMachine, type GatewayEvent, type GatewaySettings } from '../machines/gateway.ts';
import type { Breaker } from '../src/gateway/breaker.ts';

const defaults: GatewaySettings = { threshold: 5, pause: 5_000, longest: 120_000 };

/** Makes a breaker. By default five failures open it for 5 seconds, at most for 2 minutes. */
export function breaker(settings: Partial<GatewaySettings> = {}): Breaker {
  /** Undefined until a call fails: most models never need it. */
  let snapshot: SnapshotFrom<typeof gatewayMachine> | undefined;
  const step = (event: GatewayEvent) => {
    const before = snapshot ?? initialTransition(gatewayMachine, { ...defaults, ...settings })[0];
    [snapshot] = transition(gatewayMachine, before, event);
    return snapshot;
  };
  return {
    allows(now) {
      if (!snapshot || snapshot.value === 'closed') return true;
      const { until } = snapshot.context;
      return step({ type: 'call.wanted', at: now }).context.until !== until;
    },
    succeeded() {
      if (!snapshot || (snapshot.value === 'closed' && snapshot.context.failures === 0)) return;
      step({ type: 'call.succeeded' });
    },
    failed: (now, { retryAfter }) =>
      step({ type: 'call.failed', at: now, ...(retryAfter === undefined ? {} : { retryAfter }) }),
  };
}
