import { Agent, tool } from '@openai/agents-core';
import { flow } from 'troupe';
import { openAiAgent, waitForApproval } from 'troupe/adapters/openai-agents';
import { z } from 'zod';

const refund = tool({
  name: 'refund',
  description: 'Gives money back.',
  parameters: z.object({ order: z.string() }),
  needsApproval: true,
  execute: async ({ order }) => `refunded ${order}`,
});
const agent = new Agent({ name: 'Clerk', instructions: 'You help customers.', tools: [refund] });
const clerk = openAiAgent('clerk', { agent });

export default flow('support', { input: z.object({ message: z.string() }) }, async (ctx, { message }) => {
  let run = await clerk.run(ctx, { input: message });
  while (run.status === 'interrupted') run = await clerk.run(ctx, await waitForApproval(ctx, run));
  return run.finalOutput;
});
