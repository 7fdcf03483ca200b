/** What a retry makes again: the call that failed, and what followed from its failure. What ran beside it is kept. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkpoint, flow } from '../../src/index.ts';
import { replayed } from '../../src/testing/replayed.ts';
import { deferred } from '../deferred.ts';
import { journalOf, onDisk, resultIn, untilRest } from './processes.ts';

const pause = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

/** Work between a lock and an unlock, which fails so many times. */
function locked(failures: number) {
  const { done, does } = journalOf();
  const keys: string[] = [];
  let left = failures;
  const subject = flow('locked', async (ctx) => {
    await ctx.checkpoint('lock', () => does('lock'));
    try {
      return await ctx.checkpoint('work', () => {
        does('work');
        if (left-- > 0) throw new Error('broken');
        return 'worked';
      });
    } finally {
      await ctx.checkpoint('unlock', ({ key }) => {
        keys.push(key);
        return does('unlock');
      });
      await ctx.checkpoint('tell', () => does('tell'));
    }
  });
  return { subject, done, keys };
}

test('what was called after the failure is made again, each time under a key of its own', async () => {
  const { subject, done, keys } = locked(2);
  const open = onDisk();
  {
    await using runtime = await open();
    expect(await untilRest(runtime, subject, null)).toMatchObject({ failure: { message: 'broken' } });
  }
  await using runtime = await open();
  expect(await (await runtime.retry('r', subject)).outcome()).toMatchObject({ failure: { message: 'broken' } });
  expect(resultIn(await (await runtime.retry('r', subject)).outcome())).toBe('worked');
  const again = ['work', 'unlock', 'tell'];
  expect(done).toEqual(['lock', ...again, ...again, ...again]);
  expect(keys).toEqual(['r/unlock', 'r/unlock~1', 'r/unlock~2']);
});

test('a body that is begun again after each call does the same in a retry', async () => {
  const { subject, done, keys } = locked(1);
  const steps = replayed(subject);
  await using runtime = await onDisk()();
  await untilRest(runtime, steps, null);
  expect(resultIn(await (await runtime.retry('r', steps)).outcome())).toBe('worked');
  expect(done).toEqual(['lock', 'work', 'unlock', 'tell', 'work', 'unlock', 'tell']);
  expect(keys).toEqual(['r/unlock', 'r/unlock~1']);
});

test('a process that ends in the middle of a retry is followed by one that makes the rest of it', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const steps = flow('steps', async (ctx) => {
    try {
      await ctx.checkpoint('work', () => {
        does('work');
        if (isBroken) throw new Error('broken');
      });
    } finally {
      await ctx.checkpoint('unlock', ({ key }) => does(key));
      if (!isBroken) await ctx.wait({ name: 'go' });
      await ctx.checkpoint('last', ({ key }) => does(key));
    }
  });
  const open = onDisk();
  {
    await using runtime = await open();
    await untilRest(runtime, steps, null);
    isBroken = false;
    await (await runtime.retry('r', steps)).outcome({ returnWhenWaiting: true });
  }
  await using runtime = await open();
  const [ticket] = await runtime.tickets('r');
  await runtime.answer(ticket!.id, null);
  expect(await (await runtime.resume('r', steps)).outcome()).toMatchObject({ status: 'done' });
  expect(done).toEqual(['work', 'r/unlock', 'r/last', 'work', 'r/unlock~1', 'r/last~1']);
});

test('in a nested checkpoint, what was called after the failure inside is made again', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const steps = flow('steps', async (ctx) =>
    ctx.checkpoint('outer', { nested: true }, async () => {
      await ctx.checkpoint('lock', () => does('lock'));
      try {
        await ctx.checkpoint('work', () => {
          does('work');
          if (isBroken) throw new Error('broken');
        });
      } finally {
        await ctx.checkpoint('unlock', () => does('unlock'));
      }
      return 'done';
    }),
  );
  await using runtime = await onDisk()();
  await untilRest(runtime, steps, null);
  isBroken = false;
  expect(resultIn(await (await runtime.retry('r', steps)).outcome())).toBe('done');
  expect(done).toEqual(['lock', 'work', 'unlock', 'work', 'unlock']);
});

test('children and questions that followed from the failure are begun and asked anew', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const clean = flow('clean', { input: z.string() }, async (ctx) => ctx.checkpoint('clean', ({ key }) => does(key)));
  const steps = flow('steps', { uses: [clean] }, async (ctx) => {
    try {
      await ctx.checkpoint('work', () => {
        if (isBroken) throw new Error('broken');
      });
    } finally {
      await ctx.run(clean, 'all');
      does(await ctx.wait({ name: 'clean enough', schema: z.string() }));
    }
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(steps, null, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  const answer = async (text: string) => {
    const open = (await runtime.tickets('r')).filter(({ answered }) => !answered);
    expect(open).toHaveLength(1);
    await runtime.answer(open[0]!.id, text);
  };
  await answer('no');
  expect(await handle.outcome()).toMatchObject({ failure: { message: 'broken' } });
  isBroken = false;
  const again = await runtime.retry('r', steps);
  expect(await again.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await answer('yes');
  expect(await again.outcome()).toMatchObject({ status: 'done' });
  expect(done).toEqual(['r/clean/clean', 'no', 'r/clean~1/clean', 'yes']);
});

test('what was submitted and failed long before it was waited for does not make again what was called meanwhile', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const side = checkpoint('side', () => {
    does('side');
    if (isBroken) throw new Error('broken');
  });
  const steps = flow('steps', async (ctx) => {
    const future = side.submit(ctx, null);
    for (const name of ['a', 'b', 'c']) await ctx.checkpoint(name, () => does(name));
    await future.result();
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, steps, null);
  isBroken = false;
  expect(await (await runtime.retry('r', steps)).outcome()).toMatchObject({ status: 'done' });
  expect(done.toSorted()).toEqual(['a', 'b', 'c', 'side', 'side']);
});

test('an error that several failures have caused makes all of them again, with what followed', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const steps = flow('steps', async (ctx) => {
    try {
      return await Promise.any(
        ['a', 'b'].map((name) =>
          ctx.checkpoint(name, () => {
            if (isBroken) throw new Error(does(name));
            return does(name);
          }),
        ),
      );
    } finally {
      await ctx.checkpoint('unlock', () => does('unlock'));
    }
  });
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, steps, null)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(resultIn(await (await runtime.retry('r', steps)).outcome())).toBe('a');
  expect(done).toEqual(['a', 'b', 'unlock', 'a', 'b', 'unlock']);
});

test.each([['Promise.all'], ['ctx.map']])(
  'of %s, items that finish although another one has failed are kept for a retry; those that stop are made again',
  async (how) => {
    const { done, does } = journalOf();
    let isBroken = true;
    const begun = deferred();
    const item = checkpoint('item', async (name: string, { signal }) => {
      does(name);
      if (name === 'fails') {
        await begun.promise;
        if (isBroken) throw new Error('broken');
      } else if (name === 'stops' && isBroken) {
        begun.resolve();
        await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
      } else if (name === 'finishes') {
        if (isBroken) await new Promise((stop) => signal.addEventListener('abort', stop));
        await pause(20);
      }
      return name;
    });
    const names = ['fails', 'finishes', 'stops'];
    const steps = flow('steps', async (ctx) =>
      how === 'ctx.map' ? ctx.map(item, names) : Promise.all(names.map((name) => item.call(ctx, name))),
    );
    await using runtime = await onDisk()();
    expect(await untilRest(runtime, steps, null)).toMatchObject({ failure: { message: 'broken' } });
    isBroken = false;
    done.length = 0;
    expect(resultIn(await (await runtime.retry('r', steps)).outcome())).toEqual(names);
    expect(done.toSorted()).toEqual(['fails', 'stops']);
  },
);

test('a success that is made again has another key than a call whose name looks like it', async () => {
  const { does } = journalOf();
  const keys: string[] = [];
  let isBroken = true;
  const subject = flow('alike', async (ctx) => {
    await ctx.checkpoint('unlock~1', ({ key }) => void keys.push(key));
    try {
      await ctx.checkpoint('work', () => {
        if (isBroken) throw new Error('broken');
      });
    } finally {
      await ctx.checkpoint('unlock', ({ key }) => void keys.push(key));
    }
    return does('done');
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, subject, null);
  isBroken = false;
  expect(resultIn(await (await runtime.retry('r', subject)).outcome())).toBe('done');
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(3);
});
