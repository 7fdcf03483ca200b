import { inProcess } from '../../src/transport/inProcess.ts';
import { describeTransport } from '../contracts/transport.ts';

describeTransport('inProcess', {
  open: async (clock) => inProcess({ clock }),
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: () => new Promise((resolve) => setImmediate(resolve)),
});
