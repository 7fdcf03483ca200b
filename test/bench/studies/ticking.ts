/** A run that commits ten times a second until it is stopped. */
import { machine } from 'troupe';
import { assign, setup } from 'xstate';

export default machine(
  setup({
    types: {} as { context: { n: number } },
    delays: { beat: 100 },
    actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    id: 'ticking',
    context: { n: 0 },
    initial: 'on',
    states: { on: { after: { beat: { target: 'on', reenter: true, actions: 'count' } } } },
  }),
);
