/** Asks and tells to an actor that must not compile. Nothing here runs: `tsc` fails when one of them is not an error any more. */
import * as z from 'zod';
import { protocol } from '../../src/contracts/protocol.ts';
import type { ReplyChannel, Ref } from '../../src/engine/ref.ts';

const Talk = protocol({
  ask: { body: z.object({ n: z.number(), note: z.string().default('') }), replies: ['yes', 'no'] },
  yes: { body: z.object({ n: z.number() }) },
  no: { body: z.object({ why: z.string() }) },
  note: { body: z.object({ text: z.string() }) },
  news: { body: z.object({}), topic: true },
});

export async function asking(door: ReplyChannel) {
  const ref = door.ref(Talk, 'talker/a', 'r1');
  const answer = await ref.ask('ask', { n: 1 });
  switch (answer.type) {
    case 'yes':
      return answer.body.n satisfies number;
    case 'no':
      return answer.body.why satisfies string;
  }
}

// Each error must stand on the line after its directive.
// prettier-ignore
export const wrongs = (ref: Ref<typeof Talk.messages>, limited: Ref<typeof Talk.messages, 'note'>) => [
  // @ts-expect-error a body that does not fit
  ref.ask('ask', { n: 'one' }),
  // @ts-expect-error a body that lacks something
  ref.ask('ask', {}),
  // @ts-expect-error an unknown message
  ref.ask('nothing', {}),
  // @ts-expect-error a message that has no replies cannot be asked
  ref.ask('note', { text: '' }),
  // @ts-expect-error a message that wants a reply cannot be told
  ref.tell('ask', { n: 1 }),
  // @ts-expect-error a message for a topic is not for one actor
  ref.tell('news', {}),
  // @ts-expect-error a message this actor does not handle
  limited.ask('ask', { n: 1 }),
  // @ts-expect-error a reply that this ask cannot get
  ref.ask('ask', { n: 1 }).then((answer) => answer.type === 'note'),
  limited.tell('note', { text: '' }),
];
