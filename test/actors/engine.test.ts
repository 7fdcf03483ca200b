/** Agents and teams on the real engine, with a scripted model. */
import { expect, test } from 'vitest';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { Json } from '../../src/values/json.ts';
import type { Message } from '../../src/contracts/model.ts';
import type { RunOutput } from '../../src/contracts/run.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Commit, Journal } from '../../src/journal/journal.ts';
import type { ActorType } from '../../src/core/actorType.ts';
import { actorType } from '../../src/engine/nodePlatform.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { Host } from '../../src/engine/host.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { agentActor } from '../../actors/agent.ts';
import { joinResults } from './joinResults.ts';
import { runActor } from '../../actors/run.ts';
import { answer, definition, gateway, info, tools } from './fixtures.ts';
import { unanswered } from '../machines/agent/story.ts';

const open = (journal: Journal) =>
  new Host({ journal, transport: inProcess(), clock: systemClock(), lease: { owner: 'test' }, poll: 5 });
const task = { type: 'task', body: 'Read both and tell Ada.' };
const call = (name: string, input: Json, id = name) => ({ id, name, input: input as never });

/** Waits until `look` gives a value; it looks again each time the run has changed. */
async function until<T>(host: Host, run: string, read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const rested = new Promise<void>((resolve) => {
      const listening = host.activity.watch(run, () => {
        listening[Symbol.dispose]();
        resolve();
      });
    });
    const found = await read();
    if (found !== undefined) return found;
    await rested;
  }
}
async function outputOf<Output>(
  host: Host,
  journal: Journal,
  type: ActorType,
  input: Json,
  run = 'r1',
): Promise<Output> {
  const actor = await host.start(type, { run, input });
  return until(host, run, async () => {
    const [row] = await journal.find({ actor });
    if (row?.status === 'active') return undefined;
    return (row!.snapshot as unknown as { state: { output: Output } }).state.output;
  });
}

test('an agent reads two files side by side, asks before it writes, and answers', async () => {
  await using journal = memory();
  await using host = open(journal);
  const sent: Json[] = [];
  const model = gateway(
    answer('', call('read', { path: 'a' }, 'c1'), call('read', { path: 'b' }, 'c2')),
    answer('', call('send', { to: 'ada' })),
    answer('Ada knows.'),
  );
  const deps = {
    gateway: model,
    tools: tools([info('read'), info('send', { effect: 'write' })], {
      call: (name, input) => {
        if (name === 'send') sent.push(input);
        return Promise.resolve(`${name} ${JSON.stringify(input)}`);
      },
    }),
  };
  const type = actorType(agentActor(definition({ approve: 'writes' }), deps));
  const output = outputOf<AgentOutput>(host, journal, type, task);
  const ticket = await until(host, 'r1', async () => (await journal.find({ type: 'wait', status: 'active' }))[0]);
  expect(sent).toEqual([]);
  expect(ticket.meta).toMatchObject({ input: { subject: { tool: 'send', input: { to: 'ada' } } } });
  await host.post({
    id: 'yes',
    type: 'wait.answer',
    body: { type: 'wait.answer', answer: { approved: true }, by: 'ada' },
    from: 'person/ada',
    to: ticket.actor,
    run: 'r1',
    kind: 'signal',
  });

  expect(await output).toMatchObject({
    status: 'completed',
    answer: { body: 'Ada knows.' },
    usage: { steps: 3, toolCalls: 3 },
  });
  expect(sent).toEqual([{ to: 'ada' }]);
  const messages = joinResults((await journal.list('agent/r1', 'transcript')) as unknown as Message[]);
  expect(unanswered(messages)).toEqual([]);
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool', 'assistant']);
  expect(model.asked[1]!.request.messages).toEqual(messages.slice(0, 3));
});

test('the size of a commit within a turn does not grow with the results of its tools', async () => {
  await using journal = memory();
  const sizes: number[] = [];
  const { commit: store, commitAll: storeAll } = journal;
  const measure = ({ type, snapshot }: Commit) => {
    if (type === 'agent') sizes.push(JSON.stringify(snapshot).length);
  };
  journal.commit = (commit) => (measure(commit), store(commit));
  journal.commitAll = async (commits) => (commits.forEach(measure), storeAll?.(commits));
  await using host = open(journal);
  const ids = ['c1', 'c2', 'c3', 'c4', 'c5'];
  const model = gateway(answer('', ...ids.map((id) => call('read', { path: id }, id))), answer('All read.'));
  const longText = 'x'.repeat(200_000);
  const deps = { gateway: model, tools: tools([info('read')], { call: () => Promise.resolve(longText) }) };
  const output = await outputOf<AgentOutput>(host, journal, actorType(agentActor(definition(), deps)), task);
  expect(output).toMatchObject({ status: 'completed', usage: { toolCalls: 5 } });
  expect(sizes.length).toBeGreaterThan(5);
  expect(Math.max(...sizes)).toBeLessThan(4_000);
  const resultMessage = model.asked[1]!.request.messages.at(-1)!;
  expect(resultMessage.role === 'tool' && resultMessage.results.map(({ id, content }) => [id, content.length])).toEqual(
    ids.map((id) => [id, 200_000]),
  );
});

test('a team: the member that the route names works, its answers are routed, and the run has a result', async () => {
  await using journal = memory();
  await using host = open(journal);
  const replies = { article: { schema: { type: 'string' }, parse: (body: unknown) => body as string } };
  const member = (text: string) =>
    agentActor(definition({ replies }), { gateway: gateway(answer('', call('answer_article', { value: text }))) });
  const type = actorType(
    runActor({
      next: (messages) => {
        const articles = messages.filter((message) => message.type === 'article');
        if (articles.length === 2) return { finish: articles.map(({ body }) => body as Json) };
        return messages.length === 1
          ? { send: ['writer', 'critic'].map((to) => ({ to, type: 'brief', body: {} })) }
          : { send: [] };
      },
      members: { writer: member('a draft'), critic: member('a review') },
    }),
  );
  const output = await outputOf<RunOutput>(host, journal, type, { type: 'brief', body: {} });
  expect(output).toMatchObject({ status: 'completed', turns: 2, usage: { steps: 2 } });
  expect(output.status === 'completed' && [...(output.result as string[])].sort()).toEqual(['a draft', 'a review']);
});

test('cancelling a run cancels its members, down to the model call', async () => {
  await using journal = memory();
  await using host = open(journal);
  let stopped = false;
  const slow = {
    answer: (_: unknown, __: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped = true;
          reject(new Error('stopped'));
        });
      }),
  };
  const type = actorType(
    runActor({
      next: () => ({ send: [{ to: 'writer', type: 'brief', body: {} }] }),
      members: { writer: agentActor(definition(), { gateway: slow }) },
    }),
  );
  const output = outputOf<RunOutput>(host, journal, type, { type: 'brief', body: {} });
  await until(host, 'r1', async () => (await journal.find({ type: 'writer', tag: 'thinking' }))[0]);
  await host.post({
    id: 'stop',
    type: 'run.cancel',
    body: { type: 'run.cancel', reason: 'enough' },
    from: 'person/ada',
    to: 'run/r1',
    run: 'r1',
    kind: 'signal',
  });
  expect(await output).toMatchObject({ status: 'cancelled', reason: 'enough' });
  expect(stopped).toBe(true);
});
