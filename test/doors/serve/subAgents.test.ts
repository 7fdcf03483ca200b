/** Sub-agents in processes that are killed: on a journal of one process, and on one that processes share. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { natsServer, type NatsServer } from '../../nats/server.ts';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import type { Asked } from '../../workflow/gateway/chatServer.ts';
import { testProject, type TestProject } from './project.ts';
import { ask, serve, statusOf, type Server } from './process.ts';

let nats: NatsServer;
beforeAll(async () => {
  nats = await natsServer();
});
afterAll(() => nats[Symbol.asyncDispose]());

const all = ['orchestrator', 'runtime', 'gateway'];

interface Said {
  readonly role: string;
  readonly content: string;
}

/** Its conversation, as the server of models was sent it. */
const messagesIn = (body: Asked['body']) => body['messages'] as readonly Said[];
/** Who is asked about what: `editor`, or `finder` and its topic. */
const asker = (body: Asked['body']): string => {
  const [first, second] = messagesIn(body);
  return first?.content.startsWith('You edit.') ? 'editor' : String(second?.content);
};
const resultsIn = (body: Asked['body']) => messagesIn(body).filter(({ role }) => role === 'tool');

/** An editor that calls two finders in one turn. Each of these calls `delete_it`, which waits for a person. */
async function subAgentProject(tools: string): Promise<TestProject> {
  const project = await testProject((_, __, body) => {
    const results = resultsIn(body).map(({ content }) => content);
    if (asker(body) === 'editor')
      return results.length > 0
        ? { content: JSON.stringify({ text: results.toSorted().join() }) }
        : {
            calls: ['north', 'south'].map((topic) => ({ id: topic, name: 'finder', arguments: { topic } })),
          };
    const [, topic = ''] = asker(body).split(' ');
    return results.length > 0
      ? { content: JSON.stringify({ fact: `${topic} ${results[0]?.includes('"topic"') === true ? 'gone' : 'kept'}` }) }
      : { calls: [{ id: `delete-${topic}`, name: 'delete_it', arguments: { topic } }] };
  });
  const server = 'servers: [{name: files, path: ../servers/files.server.yaml, access: {allowlist: [';
  project.file('servers/files.server.yaml', `name: files\nurl: "${tools}"\n`);
  project.file(
    'agents/editor.agent.yaml',
    `name: editor\nmodel: small\nsub_agents: [finder.agent.yaml]\nprompt: {system: You edit., user: Edit.}\n${server}delete_it]}}]\noutput: {schema: {type: object, required: [text], properties: {text: {type: string}}}}\n`,
  );
  project.file(
    'agents/finder.agent.yaml',
    `name: finder\ndescription: Finds.\nparams: {schema: {type: object, required: [topic], properties: {topic: {type: string}}}}\nprompt: {system: You find., user: "Find {{ params.topic }}"}\n${server}{name: delete_it, require_approval: {on_reject: recover}}]}}]\noutput: {schema: {type: object, required: [fact], properties: {fact: {type: string}}}}\n`,
  );
  project.file(
    'workflows/edit.workflow.yaml',
    'kind: workflow\nmodel_policy: {cost_budget_usd: 1}\npipeline:\n  - {id: edit, agent: agents/editor.agent.yaml}\n',
  );
  return project;
}

/** The approvals that wait, by what they are about. */
async function waiting(server: Server): Promise<Readonly<Record<string, { step_id: string; tool_use_id: string }>>> {
  const found = JSON.parse((await ask(server, '/approvals')).text) as readonly {
    readonly arguments: { readonly topic: string };
    readonly step_id: string;
    readonly tool_use_id: string;
  }[];
  return Object.fromEntries(found.map((each) => [each.arguments.topic, each]));
}

test.each(['sqlite', 'nats'])(
  'sub-agents that wait for a person outlive their process, and nothing that they have done is done again: %s',
  { timeout: 150_000 },
  async (journal) => {
    await using tools = await plainServer({ tools: () => ['delete_it'] });
    await using project = await subAgentProject(tools.url);
    const options = journal === 'nats' ? ['--nats', nats.url, '--tenant', 'agents'] : [];
    await using first = await serve(project, all, ...options);
    const { run_id } = (await ask(first, '/invoke/edit', {})).json;
    await expect
      .poll(async () => Object.keys(await waiting(first)).toSorted(), { timeout: 30_000 })
      .toEqual(['north', 'south']);
    expect(project.model.asked.map(({ body }) => asker(body)).toSorted()).toEqual([
      'Find north',
      'Find south',
      'editor',
    ]);
    first.process.kill('SIGKILL');
    await first.ended();

    await using second = await serve(project, all, ...options);
    const { north, south } = await waiting(second);
    const at = `/runs/${run_id}`;
    expect([north?.step_id, south?.step_id]).toEqual(['edit', 'edit']);
    const { tool_use_id } = north ?? {};
    // It may be taken over only when the lease of the one that is gone has ended.
    await expect
      .poll(async () => (await ask(second, `${at}/approve`, { tool_use_id, by: 'Ada' })).status, { timeout: 60_000 })
      .toBe(200);
    await expect.poll(async () => Object.keys(await waiting(second)), { timeout: 60_000 }).toEqual(['south']);
    expect((await ask(second, `${at}/reject`, { by: 'Ada' })).status).toBe(200);
    await expect
      .poll(() => statusOf(second, run_id), { timeout: 90_000, interval: 250 })
      .toMatchObject({ status: 'complete', output: { text: '{"fact":"north gone"},{"fact":"south kept"}' } });

    const calls = tools.sent.filter(({ method }) => method === 'tools/call').map(({ params }) => params['arguments']);
    expect(calls).toEqual([{ topic: 'north' }]);
    expect(project.model.asked.map(({ body }) => asker(body)).toSorted()).toEqual([
      'Find north',
      'Find north',
      'Find south',
      'Find south',
      'editor',
      'editor',
    ]);
    const { totals } = (await ask(second, `${at}/envelope`)).json;
    expect(totals).toMatchObject({ llm_calls: 6, tool_calls: 3, tokens_in: 600 });
    expect(totals.cost_usd).toBeCloseTo(0.00066);
    // The one that was rejected is told to be decided, also by a process that has not decided it.
    const late = await ask(second, `${at}/approve`, { tool_use_id: 'delete-south' });
    expect([late.status, late.text]).toEqual([409, expect.stringMatching(/was rejected by Ada/)]);
  },
);

test(
  'a cancel after a restart ends sub-agents that wait for a person, and nobody is asked any longer',
  { timeout: 120_000 },
  async () => {
    await using tools = await plainServer({ tools: () => ['delete_it'] });
    await using project = await subAgentProject(tools.url);
    await using first = await serve(project, all);
    const { run_id } = (await ask(first, '/invoke/edit', {})).json;
    await expect.poll(async () => Object.keys(await waiting(first)), { timeout: 30_000 }).toHaveLength(2);
    first.process.kill('SIGKILL');
    await first.ended();
    await using second = await serve(project, all);
    expect((await ask(second, `/runs/${run_id}/cancel`, {})).status).toBe(202);
    await expect.poll(() => statusOf(second, run_id), { timeout: 60_000 }).toMatchObject({ status: 'cancelled' });
    await expect.poll(() => waiting(second), { timeout: 30_000 }).toEqual({});
    expect(tools.methods).not.toContain('tools/call');
    expect((await ask(second, `/runs/${run_id}/envelope`)).json.totals).toMatchObject({ llm_calls: 3 });
  },
);
