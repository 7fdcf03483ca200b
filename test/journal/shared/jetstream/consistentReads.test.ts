/** On a real server, too: whoever reads between the requests of others is told what was or what is, and never of damage. */
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { entryKind } from '../../../../src/journal/shared/entry.ts';
import { shared } from '../../../../src/journal/shared/shared.ts';
import { systemClock } from '../../../../src/engine/clock.ts';
import { dose } from '../../../dose.ts';
import { limits } from '../../../limits.ts';
import { begin, reads, writings } from '../readings.ts';
import { newTenant, placeOfFile } from './place.ts';

const place = placeOfFile('jetstream { sync_interval: 2m }');
const clock = systemClock();
/** The most requests between which something is written: what is checked later reads more and more of what was written before. */
const most = 40;

/** The same connection; `before` is waited for before each request for what is stored. */
function watched(connection: NatsConnection, before: () => Promise<void> | undefined): NatsConnection {
  const publish: NatsConnection['publish'] = (subject, ...rest) => {
    const waiting = subject.startsWith('$JS.API.') ? before() : undefined;
    if (!waiting) return connection.publish(subject, ...rest);
    void waiting.then(() => connection.publish(subject, ...rest));
  };
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'publish') return publish;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

type Writing = (typeof writings)[string];

const operations: Record<string, (tenant: string) => Writing> = {
  ...Object.fromEntries(Object.entries(writings).map(([name, write]) => [name, () => write])),
  'edits the stream': (tenant) => async () => {
    const { streams } = await place.manager();
    await streams.update(`troupe_${tenant}_runs`, { description: 'Mine.', allow_direct: false });
    await streams.update(`troupe_${tenant}_log`, { allow_direct: false, max_bytes: 1e9 });
  },
  'deletes all consumers': (tenant) => async () => {
    const { consumers } = await place.manager();
    const stream = `troupe_${tenant}_runs`;
    for await (const { name } of consumers.list(stream)) await consumers.delete(stream, name);
  },
};
const [someReads, someOperations] = [
  ['load', 'find in all runs', 'verify'],
  [
    'takes the run over',
    'ends the run, deletes it and begins another one under its key',
    'edits the stream',
    'deletes all consumers',
  ],
];

test.each(
  dose(someOperations, Object.keys(operations)).flatMap((operation) =>
    dose(someReads, Object.keys(reads)).map((read) => [operation, read] as const),
  ),
)('another process %s: %s meanwhile', { timeout: limits.long }, async (name, read) => {
  const operation = operations[name] ?? (() => async () => {});
  const tenant = newTenant();
  const store = await place.open(tenant);
  const open = async () => shared({ store: await place.open(tenant), clock, upkeep: { trimBytes: 2_000 } });
  await using heir = await open();
  let [requests, at] = [Infinity, 0];
  let write = async () => {};
  const connection = watched(await place.connect(), () => (++requests === at ? write() : undefined));
  await using reader = shared({ store: await place.open(tenant, { connection }), clock });
  let isOver = false;
  for (at = 1; !isOver && at < most; at++) {
    await using owner = await open();
    const run = `r${at}`;
    const asked = async (journal = heir) => reads[read]?.(journal, run);
    await begin({ owner, heir }, run);
    if (at % 2 === 0) await asked(reader);
    const possible: unknown[] = [];
    const tell = async () => void possible.push(await asked());
    await tell();
    write = async () => {
      await operation(tenant)({ owner, heir }, run, tell);
      await tell();
    };
    requests = 0;
    const answer = await asked(reader).catch((thrown: unknown) => String(thrown));
    isOver = requests < at;
    requests = Infinity;
    expect(possible, `before request ${at}`).toContainEqual(answer);
    // A reader should not have more to read each time.
    await store.runs.remove(run);
    for (const log of await store.logs.names()) {
      const last = await store.logs.last(log);
      if (last && entryKind(last).fencedBy !== undefined) await store.logs.remove(log);
    }
  }
  expect(at).toBeGreaterThan(2);
});
