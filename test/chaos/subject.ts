/** What the kills are about: an agent that reads and writes through a world of its own, turn by turn. */
import { agent, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

export const turns = 6;
const world = process.env.CHAOS_WORLD!;

async function ask(path: string, key: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`${world}${path}`, { method: 'POST', headers: { 'idempotency-key': key }, signal });
  return answer.text();
}

const look = tool({
  name: 'look',
  description: 'Looks at a shelf.',
  input: z.object({ shelf: z.number() }),
  output: z.string(),
  run: ({ shelf }, { key, signal }) => ask(`/look/${shelf}`, key, signal),
});

const put = tool({
  name: 'put',
  description: 'Puts something on a shelf.',
  effect: 'write',
  idempotent: true,
  input: z.object({ shelf: z.number() }),
  output: z.string(),
  run: ({ shelf }, { key, signal }) => ask(`/put/${shelf}`, key, signal),
});

export default agent({
  name: 'clerk',
  instructions: 'Fill the shelves.',
  tools: [look, put],
  // By conversation, not by sequence: whoever goes on, goes on where it stood.
  model: scriptedModel(({ messages }) => {
    const shelf = (messages.length - 1) / 2;
    if (shelf === turns) return { text: `Filled ${turns} shelves.` };
    return {
      calls: [
        { name: 'look', input: { shelf } },
        { name: 'put', input: { shelf } },
      ],
    };
  }),
});
