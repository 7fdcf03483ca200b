/** The contract of a transport as tests: T1 to T5, as the interface numbers them. Every implementation runs this suite. */
import { describe } from 'vitest';
import { addressTests } from './addresses.ts';
import { answerTests } from './answers.ts';
import { bodyTests } from './bodies.ts';
import { eventTests } from './events.ts';
import type { TransportCase } from './fixtures.ts';
import { orderTests } from './order.ts';

export type { TransportCase } from './fixtures.ts';

/**
 * Describes the tests that every transport must pass, ours and yours. Call it in a test file.
 * @example transportSuite('my transport', { open: async (clock) => myTransport({ now: clock.now }), settle: () => bus.idle(), twice: async (transport, envelope) => { await transport.send(envelope); await transport.send(envelope); } });
 */
export function transportSuite(name: string, subject: TransportCase) {
  describe(`${name} keeps the transport contract`, () => {
    orderTests(subject);
    answerTests(subject);
    addressTests(subject);
    bodyTests(subject);
    eventTests(subject);
  });
}
