/**
 * A treasurer: lends the budget of a run to its members. It lives as long as the run; M1 to M3 are on top of ledger.ts.
 *
 * M4 A request for more than is free waits while another holder may still return something. When all holders wait, the run above is asked if its
 *    lease is the limit; otherwise a person is asked if the team wants that; otherwise the request is refused.
 */
import { fundingTicket } from './ticket.ts';
import { initialTreasuryContext, lacksOf, treasuryOutputOf, spentOf } from './context.ts';
import { treasurySetup } from './setup.ts';

/** The treasurer of a run with a budget. A run with a limit starts one by itself. */
export const treasurerMachine = treasurySetup.createMachine({
  id: 'treasurer',
  options: { maxIterations: 1000 },
  context: ({ input }) => initialTreasuryContext(input),
  initial: 'keeping',
  on: {
    'treasury.lease': [{ guard: 'isOld' }, { actions: 'queue' }],
    'treasury.settle': { actions: 'settle' },
    'treasury.granted': { guard: 'isOfLease', target: '.keeping', actions: 'takeLease' },
    'treasury.close': '.closed',
  },
  states: {
    keeping: {
      always: [
        { guard: 'canServe', actions: 'serve' },
        { guard: 'mayAskAbove', target: 'askingAbove' },
        { guard: 'mayAsk', target: 'asking' },
        { guard: 'isStuck', actions: 'refuse' },
      ],
    },
    askingAbove: {
      tags: 'waiting',
      entry: 'askAbove',
      always: [
        { guard: 'canServe', actions: 'serve' },
        { guard: 'isFlowing', target: 'keeping' },
      ],
      on: { 'treasury.refused': { guard: 'isOfLease', target: 'keeping', actions: 'refuseAsAbove' } },
    },
    asking: {
      tags: 'waiting',
      entry: 'countAsk',
      // A holder that was waiting ended instead: something is free again, and the question is withdrawn.
      always: [
        { guard: 'canServe', actions: 'serve' },
        { guard: 'isFlowing', target: 'keeping' },
      ],
      invoke: {
        src: 'wait',
        id: 'ticket',
        input: ({ context }) =>
          fundingTicket({
            ...context,
            ...context.books,
            ...spentOf(context),
            lacks: lacksOf(context),
            number: context.asked,
          }),
        onDone: [
          {
            guard: { type: 'isMore', params: ({ event }) => event.output },
            target: 'keeping',
            actions: { type: 'takeGrant', params: ({ event }) => event.output },
          },
          { target: 'keeping', actions: 'refuseAsTold' },
        ],
        onError: { target: 'keeping', actions: 'refuseAsTold' },
      },
    },
    closed: { type: 'final' },
  },
  output: ({ context }) => treasuryOutputOf(context),
});
