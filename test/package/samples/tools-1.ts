import { tool } from 'troupe';
import * as z from 'zod';

// A service that keeps the key of each refund.
const shop = {
  refunds: new Map<string, { receipt: string }>(),
  async refund(order: string, euros: number, { key }: { key: string; signal: AbortSignal }) {
    const receipt = { receipt: `${order}: ${euros} euros` };
    this.refunds.set(key, receipt);
    return receipt;
  },
};

const refund = tool({
  name: 'refund',
  description: 'Gives a customer money back.',
  input: z.object({ order: z.string(), euros: z.number().positive() }),
  output: z.object({ receipt: z.string() }),
  effect: 'write',
  approval: true,
  timeout: '20s',
  idempotent: true,
  run: ({ order, euros }, { key, signal }) => shop.refund(order, euros, { key, signal }),
});
