/** The streams of a journal belong to the server's operator: what they may change is accepted, and what would lose messages is named. */
import { jetstream, type StreamConfig } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { newTenant, placeOfFile, textMessage, textsOf } from './place.ts';

const { open, manager, connect } = placeOfFile();
const streams = ['log', 'runs', 'mail', 'parts'] as const;
type Change = Partial<StreamConfig>;
const accepted: Readonly<Record<string, Change>> = {
  'a description': { description: 'The journal of the shop. Ask Ada.' },
  metadata: { metadata: { owner: 'ada' } },
  'a limit of bytes that refuses new messages': { max_bytes: 50_000_000, discard: 'new' },
  'a limit of messages that refuses new ones': { max_msgs: 100_000, discard: 'new' },
  'a smaller limit of one message': { max_msg_size: 20_000 },
  'no direct reads': { allow_direct: false },
  'another window for duplicates': { duplicate_window: 1e9 },
  'messages published again elsewhere': { republish: { src: '>', dest: 'copy.TENANT.>' } },
  compression: { compression: 's2' },
};
const refused: Readonly<Record<string, [Change, RegExp]>> = {
  'a limit of age': [{ max_age: 3_600e9 }, /max_age is 3600 s and must be 0/],
  'a limit of bytes that deletes old messages': [
    { max_bytes: 1_000_000, discard: 'old' },
    /max_bytes is 1000000 with discard old/,
  ],
  'a limit of messages that deletes old ones': [{ max_msgs: 100, discard: 'old' }, /max_msgs is 100 with discard old/],
  'a limit for each subject': [{ max_msgs_per_subject: 10 }, /max_msgs_per_subject is 10/],
  'another subject': [{ subjects: ['elsewhere.TENANT.STREAM'] }, /subjects is elsewhere\S+ and must be troupe\./],
  'no acknowledgements': [{ no_ack: true }, /no_ack is true/],
  'two at once': [{ max_age: 3_600e9, max_msgs: 5, discard: 'old' }, /max_age.*; max_msgs/],
};

async function change(tenant: string, config: Change, which: readonly string[]) {
  const { streams: all } = await manager();
  for (const stream of which) {
    const text = JSON.stringify(config).replaceAll('TENANT', tenant).replaceAll('STREAM', stream);
    const named = JSON.parse(text) as Change;
    // Two streams may not take the same subjects.
    if (named.republish) named.republish.dest = `copy.${tenant}.${stream}.>`;
    await all.update(`troupe_${tenant}_${stream}`, named);
  }
}

test.for(Object.entries(accepted))('%s is accepted, also for a process that runs', async ([, config]) => {
  const tenant = newTenant();
  const first = await open(tenant);
  const one = (await first.runs.append('r', 0, textMessage('one'))) ?? 0;
  await change(tenant, config, streams);
  const large = 'x'.repeat(60_000);
  const two = (await first.runs.append('r', one, textMessage(large))) ?? 0;
  const second = await open(tenant);
  expect(await textsOf(second.runs, 'r')).toEqual(['one', large]);
  expect(await second.runs.append('r', one, textMessage('late'))).toBeUndefined();
  const three = (await second.runs.append('r', two, textMessage(large))) ?? 0;
  await first.runs.trim('r', three);
  expect(await textsOf(first.runs, 'r')).toEqual([large]);
  expect(await first.runs.heads(['r', 'other'])).toMatchObject([{ name: 'r', sequence: three }]);
});

const refusals = Object.entries(refused).flatMap(([title, [config, says]]) =>
  streams.map((stream) => [title, stream, config, says] as const),
);
test.for(refusals)(
  '%s of the stream "%s" is refused, and the message says what differs',
  async ([, stream, config, says]) => {
    const tenant = newTenant();
    await (await open(tenant))[Symbol.asyncDispose]();
    await change(tenant, config, [stream]);
    await expect(open(tenant)).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(
        new RegExp(
          `The stream troupe_${tenant}_${stream} is there and cannot hold the shared journal: .*${says.source}`,
        ),
      ) as string,
    });
  },
);

test.for([
  ['memory', { storage: 'memory' as StreamConfig['storage'] }, /storage is memory and must be file/],
  ['a queue', { retention: 'workqueue' as StreamConfig['retention'] }, /retention is workqueue/],
] as const)('a stream that somebody made as %s is refused', async ([, config, says]) => {
  const tenant = newTenant();
  const { streams: all } = await manager();
  await all.add({ name: `troupe_${tenant}_runs`, subjects: [`troupe.${tenant}._runs.>`], ...config });
  await expect(open(tenant)).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(says) as string,
  });
});

test.for([
  ['another age', { max_age: 60e9 } as Change, /max_age is 60 s and must be 1\.5 s/],
  ['another subject', { subjects: ['elsewhere.nodes'] } as Change, /subjects is elsewhere/],
] as const)('of the announcements of processes, %s is refused', async ([, config, says]) => {
  const tenant = newTenant();
  await open(tenant);
  const { streams: all } = await manager();
  await all.update(`troupe_${tenant}_nodes`, config);
  await expect(open(tenant)).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(says) as string,
  });
});

test('a journal of the earlier layout that holds entries is refused by name, with what to do; an empty one is not', async () => {
  const tenant = newTenant();
  const { streams: all } = await manager();
  const earlier = `troupe_${tenant}`;
  await all.add({ name: earlier, subjects: [`troupe.${tenant}._journal`] });
  const store = await open(tenant);
  await store.runs.append('r', 0, textMessage('one'));
  await jetstream(await connect()).publish(`troupe.${tenant}._journal`, 'an entry');
  await expect(open(tenant)).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(
      new RegExp(
        `The stream ${earlier} holds the shared journal of an earlier version.*Let its runs end.*nats stream rm ${earlier}.*another tenant`,
      ),
    ) as string,
  });
});
