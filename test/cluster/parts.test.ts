/** Images, audio and files of a run over NATS: sent with a request, and read at whichever node has the run. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agent, pipeline, tool } from 'troupe';
import { z } from 'zod';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { seeing, type Seen } from '../runtime/seeing.ts';
import { connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(900_000, 7)]).toString(
  'base64',
);
const parts = [
  { type: 'text', text: 'What is on it?' },
  { type: 'image', data: picture, name: 'picture.png' },
];
const shown = `image picture.png ${picture.length}`;
/** Its first member waits for a person before it answers. */
const desk = (seen: Seen[]) => {
  const asking = tool({
    name: 'asking',
    description: 'Asks a person first.',
    approval: true,
    input: z.object({}),
    output: z.string(),
    run: () => 'granted',
  });
  const ada = agent({ name: 'ada', model: seeing(seen, { call: 'asking', input: {} }, 'Asked.'), tools: [asking] });
  return pipeline({ name: 'desk', stages: [ada, agent({ name: 'bob', model: seeing(seen) })] });
};

test('a request has images in it, and the members of the team see them also at a node that takes the run over', async () => {
  const [first, second]: [Seen[], Seen[]] = [[], []];
  await using a = await startNode(server, 'parts', 'a', [desk(first)]);
  await using cluster = await connectCluster(server.url, 'parts');
  await cluster.invoke('desk', { parts }, { key: 'job', detach: true });
  await expect.poll(() => a.runtime.tickets('job')).toHaveLength(1);
  await using b = await startNode(server, 'parts', 'b', [desk(second)]);
  await cluster.migrate('job', 'b');
  const [ticket] = await b.runtime.tickets('job');
  await b.runtime.answer(ticket!.id, { approved: true });
  expect(await cluster.invoke('desk', undefined, { key: 'job' })).toMatchObject({ status: 'done', output: 'Seen.' });
  expect(first.map((each) => each.parts)).toEqual([[shown]]);
  expect(second.map((each) => each.parts)).toEqual([[shown], [shown]]);
});

test('a request may not name a file of the node', async () => {
  await using node = await startNode(server, 'paths', 'a', [desk([])]);
  await using cluster = await connectCluster(server.url, 'paths');
  await expect(
    cluster.invoke('desk', { parts: [{ type: 'file', path: import.meta.filename }] }, { key: 'job' }),
  ).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(/has its bytes in `data`/) as string });
  expect(await node.runtime.journal.find({})).toEqual([]);
});
