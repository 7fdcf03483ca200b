/** What the kills are about: an agent that reads and writes through a world of its own, turn by turn. */
import { agent, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

export const turns = 6;
const world = process.env.CHAOS_WORLD!;
/** What a run is about; two runs share no shelf. */
const Place = z.object({ room: z.string(), shelf: z.number() });

/** A lost reply and a world that is busy are met by asking again, under the same key: so often that it does not come to an end by chance. */
async function ask(path: string, key: string, signal: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(`${world}${path}`, { method: 'POST', headers: { 'idempotency-key': key }, signal });
      if (answer.ok) return await answer.text();
      throw new Error(`The world answered ${answer.status}.`);
    } catch (thrown) {
      if (signal.aborted || attempt === 12) throw thrown;
    }
  }
}

const look = tool({
  name: 'look',
  description: 'Looks at a shelf.',
  input: Place,
  output: z.string(),
  run: ({ room, shelf }, { key, signal }) => ask(`/look/${room}/${shelf}`, key, signal),
});

const put = tool({
  name: 'put',
  description: 'Puts something on a shelf.',
  effect: 'write',
  idempotent: true,
  input: Place,
  output: z.string(),
  run: ({ room, shelf }, { key, signal }) => ask(`/put/${room}/${shelf}`, key, signal),
});

export default agent({
  name: 'clerk',
  instructions: 'Fill the shelves of the room you are told.',
  tools: [look, put],
  // By conversation, not by sequence: whoever goes on, goes on where it stood.
  model: scriptedModel(({ messages }) => {
    const [task] = messages;
    const room = task?.role === 'user' ? task.text : '';
    const shelf = (messages.length - 1) / 2;
    if (shelf === turns) return { text: `Filled ${turns} shelves of ${room}.` };
    return {
      calls: [
        { name: 'look', input: { room, shelf } },
        { name: 'put', input: { room, shelf } },
      ],
    };
  }),
});
