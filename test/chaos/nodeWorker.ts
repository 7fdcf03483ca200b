/** A node that offers the subject, on a clock that runs ten times as fast: a lease of ten seconds runs out in one. */
import { openNode } from '../../src/cluster/node.ts';
import { dial } from '../../src/nats/connection.ts';
import { openRuntime } from '../../src/runtime.ts';
import { fastClock } from './fastClock.ts';
import subject from './subject.ts';

const [servers = '', name = ''] = process.argv.slice(2);
const clock = fastClock();
const runtime = await openRuntime({ nats: { servers }, clock, env: {} });
const connection = await dial({ servers });
const offers = [{ name: subject.name, subject, of: () => subject }];
const node = await openNode({ name, runtime, connection, clock, version: '0', offers });
process.stderr.write(`working ${name}\n`);

process.on('SIGTERM', () => void leave());
async function leave(): Promise<void> {
  await node.drain(70_000); // Of its own clock's milliseconds: seven seconds.
  await node[Symbol.asyncDispose]();
  await runtime.close();
  await connection.close();
}
