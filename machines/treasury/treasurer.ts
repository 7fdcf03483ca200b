/**
 * A treasurer: keeps the money of a run. It stands as long as the run does; M1 to M3 are on top of books.ts.
 *
 * M4 Who asks for more than there is waits, as long as somebody may bring something back. When all who hold something wait, nobody will:
 *    then the run above is asked, where its lease is what binds; else a person, where the team says so; else the answer is no.
 */
import { ticketOf } from './ticket.ts';
import { beginning, lacksOf, outputOf, spentOf, treasury } from './vocabulary.ts';

export const treasurerMachine = treasury.createMachine({
  id: 'treasurer',
  options: { maxIterations: 1000 },
  context: ({ input }) => beginning(input),
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
      // Somebody who was waiting ended instead: there is something again, and the question is withdrawn.
      always: [
        { guard: 'canServe', actions: 'serve' },
        { guard: 'isFlowing', target: 'keeping' },
      ],
      invoke: {
        src: 'wait',
        id: 'ticket',
        input: ({ context }) =>
          ticketOf({
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
  output: ({ context }) => outputOf(context),
});
