import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { asTool, agent, checkpoint, flow, openRuntime, type RuntimeOptions } from '../../src/index.ts';
import { troupeClient } from '../../src/client/index.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { untilRest, resultIn } from './processes.ts';

let server: NatsServer;
beforeAll(async () => { server = await natsServer(); });
afterAll(() => server[Symbol.asyncDispose]());
let n = 0;
const place = () => { const tenant = `t${n++}`; return (more: RuntimeOptions = {}) => openRuntime({ nats: { servers: server.url, folder: server.stateFolder, tenant }, env: {}, ...more }); };
const name = flow('name', async (ctx) => ctx.wait({ name: 'name', schema: z.string() }));
const even = z.number().refine((n) => n % 2 === 0, 'must be even');

test.each(['held', 'nobody'])('same answer at once: %s', async (how) => {
  const open = place();
  let kept = await open();
  await untilRest(kept, name, null);
  if (how === 'nobody') await kept.close();
  const people = [await open(), await open()];
  const [ticket] = await people[0]!.tickets('r');
  const told = await Promise.allSettled(people.map((one) => one.answer(ticket!.id, 'ada', 'a person')));
  console.log(how, told.map((t) => t.status === 'rejected' ? (t.reason as {kind: string, message: string}).kind + (t.reason as Error).message : t.status));
  if (how === 'nobody') kept = await open();
  expect(resultIn(await untilRest(kept, name, null))).toBe('ada');
  for (const p of [...people, kept]) await p.close();
});
test('deadline', async () => {
  const late = flow('late', async (ctx) => ctx.wait({ name: 'number', schema: even, deadline: '1h', default: 2 }));
  const open = place();
  let a = await open();
  await untilRest(a, late, null);
  const [first] = await a.tickets('r');
  await a.close();
  const p = await open();
  await p.answer(first!.id, 3);
  const b = await open();
  await untilRest(b, late, null);
  const [second] = await b.tickets('r');
  console.log(first!.deadline, second!.deadline, second!.question, second!.id === first!.id);
  await b.answer(second!.id, 5);
  await expect.poll(async () => (await b.tickets('r')).filter((t) => !t.answered && t.id !== second!.id).length).toBe(1);
  const [third] = (await p.tickets('r')).filter((t) => !t.answered);
  console.log(third!.deadline, third!.question);
  await b.close();
  const ahead = { ...systemClock(), now: () => Date.now() + 3_700_000 };
  const c = await open({ clock: ahead as never });
  await using client = await troupeClient({ runtime: c });
  for (const w of [{}, { wait: 'number' }, { wait: third!.id }])
    await client.executions.input('r', { ...w, value: 4 }).then(() => console.log('taken'), (e) => console.log(e.kind, e.message));
  await c.answer(third!.id, 4).then(() => console.log('taken'), (e) => console.log(e.kind, e.message));
  await client.executions.abortWait('r').then(() => console.log('taken'), (e) => console.log(e.kind, e.message));
  console.log(await c.tickets('r'));
  await p.close();
  console.log(JSON.stringify(await untilRest(c, late, null)));
  await c.close();
});
test('starts at once', async () => {
  const done: string[] = [];
  const f = flow('f', async (ctx, x) => ctx.checkpoint('a', () => (done.push('a'), x)));
  const open = place();
  const hosts = [await open(), await open()];
  const clients = await Promise.all(hosts.map((runtime) => troupeClient({ runtime, definitions: async () => f })));
  const say = (t: PromiseSettledResult<unknown>) => t.status === 'rejected' ? `${(t.reason as {kind: string}).kind} ${(t.reason as Error).message}` : (t.value as {status: string}).status;
  for (let i = 0; i < 5; i++)
    console.log(i, (await Promise.allSettled(clients.map((c) => c.executions.start({ flow: 'f' }, 1, { key: `k${i}` })))).map(say));
  for (let i = 5; i < 10; i++)
    console.log(i, (await Promise.allSettled(clients.map((c, j) => c.executions.start({ flow: 'f' }, j, { key: `k${i}` })))).map(say));
  await expect.poll(async () => (await clients[0]!.executions.get('k0')).status).toBe('completed');
  for (let i = 0; i < 4; i++)
    console.log('replay', i, (await Promise.allSettled(clients.map((c) => c.executions.replay('k0', { from: 'a', key: `r${i}` })))).map(say));
  for (let i = 4; i < 8; i++)
    console.log('replay other', i, (await Promise.allSettled(clients.map((c, j) => c.executions.replay('k0', { from: 'a', overrides: { 'checkpoint.a': j }, key: `r${i}` })))).map(say));
  for (const h of hosts) await h.close();
});
