import { agent, run, tool } from 'troupe';
import { z } from 'zod';

const handbook = ['Every employee has 30 days of leave.', 'Lunch is at noon.'];
const search = tool({
  name: 'search', description: 'Searches the handbook for a word.', effect: 'read',
  input: z.object({ word: z.string() }), output: z.array(z.string()),
  run: ({ word }) => handbook.filter((line) => line.includes(word)),
});

const clerk = agent({ name: 'clerk', instructions: 'Answer from the handbook.', model: 'anthropic:claude-sonnet-4-5',
  tools: [search], budget: { usd: 0.2, steps: 8 }, deadline: '2m' });

console.log(await run(clerk, 'How many days of leave do we have?', { key: 'question-42' }));
