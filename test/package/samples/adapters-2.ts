import { openai } from '@ai-sdk/openai';
import { stepCountIs, tool } from 'ai';
import { flow } from 'troupe';
import { aiSdkAgent, hitlTool } from 'troupe/adapters/ai-sdk';
import { z } from 'zod';

const refund = tool({
  description: 'Gives money back.',
  inputSchema: z.object({ order: z.string() }),
  execute: async ({ order }) => `refunded ${order}`,
});

const clerk = aiSdkAgent('clerk', {
  model: openai('gpt-5-mini'),
  tools: { refund, ask: hitlTool({ question: 'What do you want?', schema: z.string() }) },
  settings: { instructions: 'You help customers.', stopWhen: stepCountIs(8), toolApproval: { refund: 'user-approval' } },
  checkpoints: { toolsByName: { refund: { effect: 'write' } } },
});

export default flow('support', { input: z.object({ message: z.string() }) }, async (ctx, { message }) => {
  const { text } = await clerk.generate(ctx, { prompt: message });
  return text;
});
