import { inProcess } from '../../src/transport/inProcess.ts';
import { transportSuite } from 'troupe/testing/suites';

transportSuite('inProcess', {
  open: async (clock) => inProcess({ clock }),
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: () => new Promise((resolve) => setImmediate(resolve)),
});
