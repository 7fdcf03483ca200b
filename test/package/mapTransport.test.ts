/** A user's own transport passes the same suite as ours. It also runs in an empty project, against the packed package (.ci/run). */
import { transportSuite } from 'troupe/testing/suites';
import { mapTransport } from './mapTransport.ts';

transportSuite('a map of listeners', {
  open: async (clock) => mapTransport(clock.now),
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: () => new Promise((resolve) => setImmediate(resolve)),
});
