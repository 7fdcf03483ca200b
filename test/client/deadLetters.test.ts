/** Dead letters are redriven once and dropped, from any process, also while another one has the run, after a restart, and when the run has ended. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { troupeClient, type TroupeClient } from '../../src/client/index.ts';
import { machine, openRuntime, type Runtime } from '../../src/index.ts';
import listen from '../cli/fixtures/listen.ts';
import { limits } from '../limits.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';

/** Understands `knock` once it is open, counts it in its state, and ends on `leave`. */
const house = machine(
  setup({ types: {} as { events: { type: 'open' | 'knock' | 'shut' | 'leave' } } }).createMachine({
    id: 'house',
    initial: 'shut',
    states: {
      shut: { on: { open: 'open', leave: 'left' } },
      open: { on: { knock: 'once', shut: 'shut' } },
      once: { on: { knock: 'twice', leave: 'left' } },
      twice: {},
      left: { type: 'final' },
    },
  }),
);

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

interface World extends AsyncDisposable {
  /** Another process that has the journal. */
  runtime(): Promise<Runtime>;
  client(by?: string): Promise<TroupeClient>;
}

let tenants = 0;
function worldOn(kind: 'sqlite' | 'nats'): World {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-letters-'));
  const nats = { servers: server.url, folder: server.stateFolder, tenant: `letters${(tenants += 1)}` };
  const place = kind === 'sqlite' ? { db: join(folder, 'journal.db') } : { nats };
  const opened: AsyncDisposable[] = [];
  const kept = <T extends AsyncDisposable>(one: T): T => {
    opened.push(one);
    return one;
  };
  return {
    runtime: async () => kept(await openRuntime({ ...place, poll: 10 })),
    client: async (by = 'Ada') => kept(await troupeClient({ ...place, by })),
    async [Symbol.asyncDispose]() {
      for (const one of opened.toReversed()) await one[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A house that got `knock` while it was shut, in a process that has it. */
async function knockedAt(runtime: Runtime): Promise<string> {
  const { root } = await runtime.start(house, undefined, { key: 'r' });
  await runtime.signal(root, { type: 'knock' });
  await expect.poll(async () => (await runtime.journal.list(root, 'dead')).length, { timeout: limits.step }).toBe(1);
  return root;
}

const stateOf = async (runtime: Runtime, actor: string) => (await runtime.journal.find({ actor }))[0]?.state;
const reaches = (runtime: Runtime, actor: string, state: string) =>
  expect.poll(() => stateOf(runtime, actor), { timeout: limits.step }).toBe(state);
const refusal = (kind: string, message: RegExp) =>
  expect.objectContaining({ kind, message: expect.stringMatching(message) as string }) as unknown;

describe.each(['sqlite', 'nats'] as const)('on %s', (kind) => {
  test('a letter that was redriven is taken once, says when and by whom, is not listed any more, and is not redriven again', async () => {
    await using world = worldOn(kind);
    const runtime = await world.runtime();
    const client = await world.client();
    const root = await knockedAt(runtime);
    const died: string[] = [];
    using _ = runtime.observe((event) => void (event.type === 'dead' && died.push(event.message.type)));
    await runtime.signal(root, { type: 'open' });
    const [letter] = await client.deadLetters.list();
    expect(letter).toMatchObject({ exec_id: 'r', kept_by: root, type: 'knock', failure: { kind: 'unknown_message' } });
    expect(letter).not.toHaveProperty('settled');
    const id = letter!.letter_id;
    const settled = { how: 'redriven', by: 'Grace', message_id: `${id}/again-1`, at: expect.any(Number) as number };
    expect(await client.deadLetters.redrive(id, { by: 'Grace' })).toMatchObject({ settled });
    await reaches(runtime, root, 'once');
    await expect(client.deadLetters.redrive(id)).rejects.toEqual(refusal('conflict', /sent again by Grace at 20/));
    await expect(client.deadLetters.drop(id)).rejects.toEqual(refusal('conflict', /sent again by Grace/));
    // The mark goes from the inbox to the list.
    await expect.poll(() => runtime.journal.mail('r'), { timeout: limits.step }).toEqual([]);
    expect(await client.deadLetters.list({ exec_id: 'r' })).toEqual([]);
    expect(died).toEqual([]);
    expect(await client.deadLetters.list({ all: true })).toEqual([expect.objectContaining({ letter_id: id, settled })]);
    await runtime.close();
    const later = await world.client();
    await expect(later.deadLetters.redrive(id)).rejects.toEqual(refusal('conflict', /sent again by Grace/));
    expect(await later.deadLetters.get(id)).toMatchObject({ settled });
    const next = await world.runtime();
    await next.resume('r', house);
    expect(await stateOf(next, root)).toBe('once');
  });

  test('of several processes that redrive a letter at once one does, the others are refused, and the message is taken once', async () => {
    await using world = worldOn(kind);
    const runtime = await world.runtime();
    const root = await knockedAt(runtime);
    await runtime.signal(root, { type: 'open' });
    const clients = [await world.client('Ada'), await world.client('Grace'), await world.client('Joan')];
    const [{ letter_id: id } = { letter_id: '' }] = await clients[0]!.deadLetters.list();
    const results = await Promise.allSettled(clients.map((client) => client.deadLetters.redrive(id)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))).toEqual([
      refusal('conflict', /sent again by/),
      refusal('conflict', /sent again by/),
    ]);
    await reaches(runtime, root, 'once');
    await expect.poll(() => runtime.journal.mail('r'), { timeout: limits.step }).toEqual([]);
    expect(await stateOf(runtime, root)).toBe('once');
    expect(await clients[0]!.deadLetters.list({ all: true })).toHaveLength(1);
  });

  test('a letter that is redriven while no process has the run is delivered by the next one, and one that dies again can be redriven again', async () => {
    await using world = worldOn(kind);
    const first = await world.runtime();
    const root = await knockedAt(first);
    await first.close();
    const client = await world.client();
    const [{ letter_id: id } = { letter_id: '' }] = await client.deadLetters.list();
    await client.deadLetters.redrive(id);
    await expect(client.deadLetters.redrive(id)).rejects.toEqual(refusal('conflict', /sent again by Ada/));
    expect(await client.deadLetters.list()).toEqual([]);
    const runtime = await world.runtime();
    await runtime.resume('r', house);
    await expect
      .poll(async () => (await client.deadLetters.list()).map((letter) => letter.letter_id), { timeout: limits.step })
      .toEqual([`${id}/again-1`]);
    await expect(client.deadLetters.redrive(id)).rejects.toEqual(refusal('conflict', /sent again by Ada/));
    await runtime.signal(root, { type: 'open' });
    expect(await client.deadLetters.redrive(`${id}/again-1`)).toMatchObject({
      settled: { message_id: `${id}/again-2` },
    });
    await reaches(runtime, root, 'once');
  });

  test('a letter of a run that has ended cannot be redriven, and can be dropped', async () => {
    await using world = worldOn(kind);
    const runtime = await world.runtime();
    const root = await knockedAt(runtime);
    await runtime.signal(root, { type: 'leave' });
    await reaches(runtime, root, 'left');
    const client = await world.client();
    const [{ letter_id: id } = { letter_id: '' }] = await client.deadLetters.list();
    await expect(client.deadLetters.redrive(id)).rejects.toEqual(refusal('conflict', /has ended/));
    const settled = { how: 'dropped', by: 'Ada', reason: 'nobody is in' };
    expect(await client.deadLetters.drop(id, { reason: 'nobody is in' })).toMatchObject({ settled });
    await expect(client.deadLetters.drop(id)).rejects.toEqual(refusal('conflict', /dropped by Ada/));
    const later = await world.client();
    expect(await later.deadLetters.list()).toEqual([]);
    expect(await later.deadLetters.get(id)).toMatchObject({ settled, type: 'knock' });
  });

  test('a letter that was dropped can still be redriven; one that there is not is refused by name', async () => {
    await using world = worldOn(kind);
    const runtime = await world.runtime();
    const client = await world.client();
    const root = await knockedAt(runtime);
    await runtime.signal(root, { type: 'open' });
    const [{ letter_id: id } = { letter_id: '' }] = await client.deadLetters.list();
    await client.deadLetters.drop(id);
    expect(await client.deadLetters.redrive(id)).toMatchObject({ settled: { how: 'redriven' } });
    await reaches(runtime, root, 'once');
    await expect(client.deadLetters.drop('m-17')).rejects.toEqual(refusal('unknown_recipient', /"m-17"/));
  });

  test('a flow that waits for a signal still waits when a letter of it was dropped, also while no process has it', async () => {
    await using world = worldOn(kind);
    const runtime = await world.runtime();
    await runtime.start(listen, null, { key: 'r' });
    const lost = { id: 'm-17', type: 'note', body: {}, from: 'person/ann', to: 'agent/gone', run: 'r' };
    await runtime.journal.post({ ...lost, kind: 'tell' });
    const client = await world.client();
    await expect.poll(() => client.deadLetters.list(), { timeout: limits.step }).toHaveLength(1);
    const statusOf = async () => (await client.executions.get('r')).status;
    await expect.poll(statusOf, { timeout: limits.step }).toBe('waiting');
    await runtime.close();
    const [{ letter_id: id } = { letter_id: '' }] = await client.deadLetters.list();
    await client.deadLetters.drop(id);
    expect(await statusOf()).toBe('waiting');
  });
});
