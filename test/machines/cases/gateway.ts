/** The case of the gateway's machine for the laws. */
import { gatewayMachine, type GatewayContext } from '../../../machines/gateway.ts';

export const gateway = {
  service: true,
  machine: gatewayMachine,
  input: { threshold: 2, pause: 1_000, longest: 4_000 },
  /** One sample of every event the machine can get. */
  events: [
    { type: 'call.succeeded' },
    { type: 'call.failed', at: 10_000 },
    { type: 'call.wanted', at: 0 },
    { type: 'call.wanted', at: 100_000 },
    { type: 'call.wanted', at: 1_000_000 },
    { type: 'gateway.stop' },
  ],
  /** The part of the context that decides behaviour; it keeps the exploration finite. */
  key: ({ failures, until }: GatewayContext) => [failures, until > 50_000],
};
