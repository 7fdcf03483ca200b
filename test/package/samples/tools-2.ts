import { tool } from 'troupe';
import * as z from 'zod';

// A service that is told a reference, and can be asked for it.
const post = { sent: new Map<string, string>() };

const letter = tool({
  name: 'letter',
  description: 'Sends a letter.',
  input: z.object({ to: z.string(), text: z.string() }),
  output: z.object({ id: z.string() }),
  effect: 'write',
  run: async ({ to }, { key }) => {
    post.sent.set(key, `letter to ${to}`);
    return { id: `letter to ${to}` };
  },
  reconcile: async ({ to: _ }, { key }) => {
    const id = post.sent.get(key);
    return id === undefined ? { done: false } : { done: true, output: { id } };
  },
});
console.log(letter.name);
