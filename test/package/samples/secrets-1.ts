import { secretStore, tool } from 'troupe';
import { z } from 'zod';

const secrets = secretStore(); // those of ./.troupe; { folder: 'data' } for those beside data/troupe.db

export const visits = tool({
  name: 'visits',
  description: 'How many visits a page had today.',
  effect: 'read',
  input: z.object({ page: z.string() }),
  output: z.number(),
  async run({ page }) {
    const { values } = await secrets.get('counter');
    const answer = await fetch(`https://counter.example/today?page=${encodeURIComponent(page)}`, {
      headers: { authorization: `Bearer ${values['TOKEN']}` },
    });
    return z.number().parse(await answer.json());
  },
});
