/** The time from the death of a node to the next commit of its run: two `troupe node` processes, of which the owner is killed repeatedly. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { decodeEntry } from '../../../src/journal/replicated/entry.ts';
import { cluster } from '../../../src/cluster/join.ts';
import { workspace } from '../../cli/troupe.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';
import { median, percentile } from './measure.ts';

/** The number of pairs of nodes, each pair in its own tenant, so that they wait in parallel; and how often a node of each pair is killed. */
const [pairs, kills] = [5, 5];

interface Gap {
  /** Milliseconds until the lease of the dead node expired. */
  readonly lease: number;
  /** Milliseconds from then until the other node had claimed the run, and until its next commit. */
  readonly taken: number;
  readonly committed: number;
}

export async function failovers(): Promise<void> {
  await using server = await natsServer();
  const gaps = (await Promise.all(Array.from({ length: pairs }, (_, n) => pair(server, `pair${n}`)))).flat();
  const all = gaps.map(({ lease, taken, committed }) => lease + taken + committed);
  const spread = (values: readonly number[]) =>
    `p50 ${(median(values) / 1_000).toFixed(2)} s, p99 ${(percentile(values, 0.99) / 1_000).toFixed(2)} s (${(Math.min(...values) / 1_000).toFixed(2)} – ${(Math.max(...values) / 1_000).toFixed(2)})`;
  console.log(`\nFrom the death of a node to its run's next commit (${gaps.length} kills, two nodes, a lease of 10 s)`);
  console.log(`  all of it                          ${spread(all)}`);
  console.log(`  until the lease was over           ${spread(gaps.map(({ lease }) => lease))}`);
  console.log(`  until the other node had the run   ${spread(gaps.map(({ taken }) => taken))}`);
  console.log(`  until its next commit              ${spread(gaps.map(({ committed }) => committed))}`);
  console.log(
    `  of it the lease, in the median     ${(100 * median(gaps.map(({ lease }, i) => lease / all[i]!))).toFixed(0)} %`,
  );
}

async function pair(server: NatsServer, tenant: string): Promise<Gap[]> {
  await using outside = await cluster({ servers: server.url, tenant });
  await using log = await followJournal(server.url, tenant);
  using a = workspace();
  using b = workspace();
  const begin = async (name: string) => {
    const file = join(import.meta.dirname, 'ticking.ts');
    const node = (name === 'a' ? a : b).start('node', file, '--name', name, '--nats', server.url, '--tenant', tenant);
    // The nodes end with this measurement, however it ends.
    const end = () => void node.process.kill('SIGKILL');
    process.once('exit', end);
    void node.ended.then(() => process.off('exit', end));
    await node.until(/ has joined, and offers/);
    return node;
  };
  const nodes = new Map([
    ['a', await begin('a')],
    ['b', await begin('b')],
  ]);
  await outside.invoke('ticking', null, { key: 'run', detach: true });
  const gaps: Gap[] = [];
  while (gaps.length < kills) {
    // Wait until the run is at its placed node; the random delay covers all points between two renewals and between two commits.
    await sleep(7_000 + Math.random() * 3_334);
    const owner = (await outside.nodes()).find(({ runs }) => runs === 1);
    if (!owner) continue;
    const { process: victim, ended } = nodes.get(owner.name)!;
    victim.kill('SIGKILL');
    const died = Date.now();
    await ended;
    const { until, claimed, committed } = await log.after(died);
    // The run may have been in transfer between the nodes, without an owner.
    if (until > died) gaps.push({ lease: until - died, taken: claimed - until, committed: committed - claimed });
    nodes.set(owner.name, await begin(owner.name));
  }
  for (const { process: child, ended } of nodes.values()) {
    child.kill('SIGKILL');
    await ended;
  }
  return gaps;
}

interface Takeover {
  /** When the lease of the previous owner expired, when another node claimed the run, and when that node first committed: milliseconds since the Unix epoch. */
  readonly until: number;
  readonly claimed: number;
  readonly committed: number;
}

/** Follows the log of a tenant: which node owns the run, until when, and which node commits. */
async function followJournal(servers: string, tenant: string) {
  const connection = await connect({ servers });
  let until = 0;
  /** A node that has claimed the run and not committed yet, since when, and when the previous lease expired. */
  const claims = new Map<string, Pick<Takeover, 'until' | 'claimed'>>();
  const takeovers: Takeover[] = [];
  connection.subscribe(`troupe.${tenant}._journal`, {
    callback(error, { data, headers }) {
      const entry = error ? '' : decodeEntry(headers?.get('Nats-Msg-Id') ?? '', data, 0);
      if (typeof entry === 'string') return;
      for (const [write, args] of entry.writes) {
        if (write === 'claim') {
          const { now, ttl } = args[2] as { now: number; ttl: number };
          claims.set(entry.by, { until, claimed: Date.now() });
          until = now + ttl;
        }
        if (write === 'renew') until = args[2] as number;
        if (write === 'release') until = Date.now();
        const claim = write === 'commit' ? claims.get(entry.by) : undefined;
        if (!claim) continue;
        takeovers.push({ ...claim, committed: Date.now() });
        claims.clear();
      }
    },
  });
  await connection.flush();
  return {
    async after(moment: number): Promise<Takeover> {
      for (;;) {
        const found = takeovers.find(({ committed }) => committed > moment);
        if (found) return found;
        await sleep(20);
      }
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
