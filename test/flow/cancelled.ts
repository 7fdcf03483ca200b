/** A flow that reserves, charges and has a child, and undoes all of it when it is cancelled: what its other side sees. */
import { checkpoint, flow, type CheckpointCall, type Flow } from '../../src/index.ts';

/** What was done outside, by key, in order: the other side honours the keys. */
export interface Outside {
  readonly applied: Map<string, string>;
  /** How often each key was asked for. */
  readonly asked: Map<string, number>;
}

/** The flow, and the outside that it changes. `takes` is how long the other side takes. */
export function cancelled(takes: () => Promise<void> = async () => {}): {
  readonly subject: Flow;
  readonly outside: Outside;
} {
  const outside: Outside = { applied: new Map(), asked: new Map() };
  const send = async (what: string, { key }: CheckpointCall): Promise<string> => {
    outside.asked.set(key, (outside.asked.get(key) ?? 0) + 1);
    await takes();
    if (!outside.applied.has(key)) outside.applied.set(key, what);
    return what;
  };
  const release = checkpoint('release', { retries: 8 }, (seat: string, call) => send(`release ${seat}`, call));
  const child = flow('hotel', async (ctx) => {
    try {
      await ctx.checkpoint('book', (call) => send('book', call));
      await ctx.sleep('30d');
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('unbook', (call) => send('unbook', call)));
    }
  });
  const subject = flow('trip', { uses: [child] }, async (ctx) => {
    const seats = ['1a', '1b', '1c'];
    try {
      for (const seat of seats) await ctx.checkpoint('reserve', (call) => send(`reserve ${seat}`, call));
      await Promise.all([
        ctx.checkpoint('charge', (call) => send('charge', call)),
        ctx.run(child, null),
        ctx.wait({ name: 'ok' }),
      ]);
    } finally {
      await ctx.nonCancellable(async () => {
        await Promise.all([
          ctx.map(release, seats, { concurrency: 2 }),
          ctx.checkpoint('refund', (call) => send('refund', call)),
        ]);
        await ctx.checkpoint('tell', (call) => send('tell', call));
      });
    }
  });
  return { subject, outside };
}

/** What undoes what. */
export const undone = {
  'reserve 1a': 'release 1a',
  'reserve 1b': 'release 1b',
  'reserve 1c': 'release 1c',
  charge: 'refund',
  book: 'unbook',
};
