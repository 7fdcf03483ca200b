/** A node that offers the agent. With one server its clock runs ten times as fast: a lease of ten seconds expires after one. */
import { node } from 'troupe';
import { fastClock } from './fastClock.ts';
import clerk from './clerk.ts';
import { limits } from '../limits.ts';

const [servers = '', folder = '', name = '', count = '1'] = process.argv.slice(2);
const replicas = Number(count);
const terminated = new Promise((resolve) => process.once('SIGTERM', resolve));
const running = await node([clerk], {
  name,
  nats: { servers, folder, replicas },
  ...(replicas === 1 ? { clock: fastClock() } : {}),
  env: {},
});
process.stderr.write(`working ${name}\n`);
await terminated;
await running.drain(limits.long);
await running[Symbol.asyncDispose]();
