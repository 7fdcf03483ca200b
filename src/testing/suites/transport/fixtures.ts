/** What the tests of the transport contract send and expect. */
import { expect } from 'vitest';
import type { Envelope } from '../../../contracts/envelope.ts';
import type { Transport } from '../../../transport/transport.ts';
import { virtualClock, type VirtualClock } from '../../clock.ts';

/** The transport under test. */
export interface TransportCase {
  /** Opens a fresh transport that uses this clock. */
  open: (clock: VirtualClock) => Promise<Transport>;
  /** Delivers a message twice, as a redelivery does. */
  twice: (transport: Transport, envelope: Envelope) => Promise<void>;
  /** Resolves when every published message has reached its subscribers. */
  settle: () => Promise<void>;
}

/** Opens the transport of a case, for tests in which no time passes. */
export const opened = ({ open }: TransportCase): Promise<Transport> => open(virtualClock());

let count = 0;

/** A message from `agent/a` to `agent/b` under an id of its own. */
export const newMessage = (over: Partial<Envelope> = {}): Envelope => ({
  id: `m${count++}`,
  type: 'greet',
  body: {},
  from: 'agent/a',
  to: 'agent/b',
  run: 'r1',
  kind: 'tell',
  ...over,
});

/** Changes a property inside a body in place, as careless code of a recipient would. */
export function change(body: unknown, [name, ...inner]: readonly string[], value: unknown): void {
  if (typeof body !== 'object' || body === null || name === undefined) throw new Error('There is nothing to change.');
  if (inner.length > 0) return change(Reflect.get(body, name), inner, value);
  if (!Reflect.set(body, name, value)) throw new TypeError(`"${name}" cannot be changed.`);
}

/** Matches the error by which a transport refuses something. */
export const refusedAs = (kind: string) => expect.objectContaining({ name: 'TroupeError', kind });

/** The messages that arrive at an address, as a list that grows. */
export function arrivalsAt(transport: Transport, address = 'agent/b'): Envelope[] {
  const got: Envelope[] = [];
  transport.listen(address, async (envelope) => void got.push(envelope));
  return got;
}

/** A promise that a test settles itself. */
export function promiseToSettle() {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
