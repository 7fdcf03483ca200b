/** What the laws need to walk through the gateway's machine. */
import { gatewayMachine, type GatewayContext } from '../../../machines/gateway.ts';

export const gateway = {
  service: true,
  machine: gatewayMachine,
  input: { threshold: 2, pause: 1_000, longest: 4_000 },
  /** One sample of every event the machine can meet. */
  events: [
    { type: 'call.succeeded' },
    { type: 'call.failed', at: 10_000 },
    { type: 'call.wanted', at: 0 },
    { type: 'call.wanted', at: 100_000 },
    { type: 'call.wanted', at: 1_000_000 },
    { type: 'gateway.stop' },
  ],
  /** The part of context that decides behaviour; it keeps the walk finite. */
  key: ({ failures, until }: GatewayContext) => [failures, until > 50_000],
};
