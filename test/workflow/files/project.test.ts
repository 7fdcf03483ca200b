/** Projects as people have them: what is loaded from their files, and what the reports look like. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadWorkflow, workflowNamed } from '../../../src/workflow/files/project/load.ts';
import { loadProject, projectGateway } from '../../../src/workflow/files/project/project.ts';
import { mermaidGraphs } from '../../../src/workflow/files/report/graph.ts';
import { lockProblems, parseLock, workflowLock } from '../../../src/workflow/files/report/lock.ts';
import { reportJson, reportText } from '../../../src/workflow/files/report/text.ts';
import { treeText, workflowTree } from '../../../src/workflow/files/report/tree.ts';
import { collectProject, validateProject } from '../../../src/workflow/files/report/validate.ts';
import { workflowSchemas } from '../../../src/workflow/files/schema/schemas.ts';
import { agent, problemsIn, project, workflow, written, type Files } from './written.ts';

const news: Files = {
  'workflows/news.workflow.yaml': `kind: workflow
name: news
version: 1.0
env:
  - {name: FEED_KEY, secret: true}
  - {name: CITY, default: Bern}
invoke: {auth: {header: X-Token, scheme: raw, secret: "{{ env.FEED_KEY }}"}}
params: {schema: {type: object, required: [topic], properties: {topic: {type: string}}}}
pipeline:
  - id: fetch
    agent: agents/fetcher.agent.yaml@1.2.0
    params: {key: "{{ env.FEED_KEY }}", topic: "{{ params.topic }} in {{ env.CITY }}"}
    timeout: 1m30s
    retry: {max: 2}
  - id: keep
    transform: {inputs: [{from: fetch}], ops: [{filter: {expr: "score > \`5\`"}}, {sort: {field: score, order: desc}}]}
  - id: each
    for_each: {items: step.keep.result, concurrency: 4, max_failures: -1}
    workflow: ./send.workflow.yaml
    webhooks: execute
    params: {text: "{{ item.title }}"}
  - id: ask
    wait: {question: "Is {{ step.keep.result }} good?"}
    on_error: continue
model_policy: {timeout_s: 60, cost_budget_usd: 2, group_map: {fast: standard}}
output: {from: keep}
`,
  'workflows/send.workflow.yaml': `kind: workflow
visibility: sub-workflow
webhooks: execute
params: {schema: {required: [text], properties: {text: {type: string}}}}
pipeline:
  - {id: post, webhook: {url: "https://example.com/hook", method: put, body: {text: params.text}, timeout_s: 5}}
`,
  'agents/fetcher.agent.yaml': `name: fetcher
model: standard
max_turns: 0
params: {schema: {required: [key], properties: {key: {type: string, secret: true}, topic: {type: string, default: all}}}}
prompt: {system: You fetch., user: "About {{ params.topic }}"}
servers:
  - name: feed
    path: ../servers/feed.server.yaml
    access: {allowlist: [read, {name: "write-*", require_approval: {on_reject: recover, timeout: 30m}}]}
output: {schema: {type: object, required: [items], properties: {items: {type: array}}}}
`,
  'servers/feed.server.yaml':
    'name: feed\nurl: http://localhost:9/mcp\nauth: {header: X-Key, scheme: raw, secret: "{{ params.key }}"}\n',
  'gateway.yaml': `env: [{name: API_KEY, secret: true}]
providers:
  - {name: local, type: openai, config: {base_url: "http://localhost:1/v1", api_key: "{{ env.API_KEY }}"}}
model_groups:
  - {name: standard, models: [local/m], pricing: [{model: m, input_per_million: 1, output_per_million: 2}]}
`,
};

test('a workflow is loaded with all that it uses, defaults and inferred edges', async () => {
  const { definition, problems } = await workflowNamed(
    await project(news, { env: { FEED_KEY: 'k', OTHER: 'x' } }),
    'news',
  );
  expect(problems).toEqual([]);
  expect(definition).toMatchObject({
    name: 'news',
    version: '1',
    visibility: 'root',
    env: [
      { name: 'FEED_KEY', secret: true },
      { name: 'CITY', secret: false, default: 'Bern' },
    ],
    environment: { CITY: 'Bern' },
    auth: { header: 'x-token', scheme: 'raw' },
    output: { from: 'keep' },
    policy: { timeout: 60_000, budgetUsd: 2, groupMap: { fast: 'standard' } },
    steps: [
      {
        id: 'fetch',
        line: 10,
        kind: 'agent',
        after: [],
        timeout: 90_000,
        retry: { max: 2, backoff: 1_000 },
        onError: 'fail',
        agent: {
          maxTurns: 10,
          params: [
            { name: 'key', secret: true, required: true },
            { name: 'topic', secret: false, default: 'all' },
          ],
          servers: [
            {
              name: 'feed',
              server: { address: { url: 'http://localhost:9/mcp' }, auth: { header: 'X-Key', scheme: 'raw' } },
              allow: [
                { pattern: 'read' },
                { pattern: 'write-*', approval: { onReject: 'recover', timeout: 1_800_000, timeoutBehavior: 'fail' } },
              ],
            },
          ],
        },
      },
      {
        id: 'keep',
        kind: 'transform',
        after: ['fetch'],
        transform: { ops: [{ op: 'filter' }, { op: 'sort', order: 'desc' }] },
      },
      {
        id: 'each',
        kind: 'workflow',
        after: ['keep'],
        forEach: { from: 'step.keep.result', concurrency: 4, maxFailures: -1 },
        workflow: {
          name: 'send',
          env: [],
          steps: [{ webhook: { method: 'PUT', timeout: 5_000, idempotent: true }, onApproval: false }],
        },
      },
      { id: 'ask', kind: 'wait', after: ['keep'], onError: 'continue', wait: { deadline: 604_800_000 } },
    ],
  });
  expect(definition?.secrets.secret('FEED_KEY')).toBe('k');
  expect(definition?.secrets.secret('OTHER')).toBeUndefined();
  expect(JSON.stringify({ ...definition, secrets: undefined })).not.toContain('"k"');
});

test('a variable of the process wins over one of the environment file, and both over a default', async () => {
  const files = { ...news, 'environments/dev.env.yaml': 'variables: {CITY: Basel, FEED_KEY: 7}\n' };
  const dir = written(files);
  const options = { projectDir: dir, envFile: join(dir, 'environments/dev.env.yaml') };
  const { definition } = await workflowNamed(await loadProject({ ...options, env: {} }), 'news');
  expect(definition?.environment).toEqual({ CITY: 'Basel' });
  expect(definition?.secrets.secret('FEED_KEY')).toBe('7');
  const process = await workflowNamed(await loadProject({ ...options, env: { CITY: 'Zug' } }), 'news');
  expect(process.definition?.environment).toEqual({ CITY: 'Zug' });
});

test('a file alone is loaded in the project around it', async () => {
  const dir = written(news);
  const { definition, project: found } = await loadWorkflow(join(dir, 'workflows/news.workflow.yaml'), {
    env: { FEED_KEY: 'k' },
  });
  expect(found.dir).toBe(dir);
  expect(definition?.steps).toHaveLength(4);
});

test.each(['../workflows/news', '..', 'a/b', '', '/etc/passwd', 'news\0', '%2e%2e', 'x'.repeat(300)])(
  'no workflow has the name %j',
  async (name) => {
    expect(await workflowNamed(await project(news), name)).toEqual({ problems: [] });
  },
);

test('a link that leads out of the project is not followed', async () => {
  const outside = written({ 'x.agent.yaml': agent() });
  const dir = written({ 'workflows/w.workflow.yaml': workflow('  - {id: a, agent: link.agent.yaml}\n') });
  symlinkSync(join(outside, 'x.agent.yaml'), join(dir, 'link.agent.yaml'));
  const { problems } = await workflowNamed(await loadProject({ projectDir: dir, env: {} }), 'w');
  expect(problems[0]?.message).toContain('lies outside of the project');
});

test('a workflow of an extra workspace is found after those of the project, with its own agents', async () => {
  const extra = written({
    'workflows/w.workflow.yaml': workflow('  - {id: a, agent: agents/x.agent.yaml}\n'),
    'agents/x.agent.yaml': agent(),
  });
  const { definition } = await workflowNamed(await project(news, { workspaces: [extra] }), 'w');
  expect(definition?.file).toBe(join(extra, 'workflows/w.workflow.yaml'));
});

test('a workflow that another one of the same name comes before is told to be never invoked', async () => {
  const sub = `visibility: sub-workflow\n${workflow('  []\n')}`;
  const extra = written({
    'workflows/news.workflow.yaml': workflow('  []\n'),
    'workflows/own.workflow.yaml': workflow('  []\n'),
    'workflows/inner.workflow.yaml': sub,
  });
  const files = { 'workflows/news.workflow.yaml': workflow('  []\n'), 'workflows/inner.workflow.yaml': sub };
  const { files: reports, valid } = await validateProject(await project(files, { workspaces: [extra] }));
  expect(valid).toBe(true);
  expect(reports.flatMap(({ file, problems }) => problems.map(({ message }) => [file, message]))).toEqual([
    [
      join(extra, 'workflows/news.workflow.yaml'),
      'It is never invoked: workflows/news.workflow.yaml comes before it, and has the same name. Give one of the files another name.',
    ],
  ]);
});

test('a list of servers is used by the names in it', async () => {
  const files = {
    'workflows/w.workflow.yaml': workflow('  - {id: a, agent: agents/x.agent.yaml}\n'),
    'agents/x.agent.yaml': agent('servers: [{name: feed, access: {allowlist: ["*"]}}]'),
    'servers.yaml': 'servers: [{name: feed, url: "http://localhost:9"}]\n',
  };
  expect(await problemsIn(files)).toEqual([]);
  const wrong = { ...files, 'agents/x.agent.yaml': agent('servers: [{name: food, access: {allowlist: ["*"]}}]') };
  expect((await problemsIn(wrong)).join()).toContain('There is no server "food"');
});

test('the gateway file is read with its places and defaults', async () => {
  expect(projectGateway(await project(news))).toMatchObject({
    env: [{ name: 'API_KEY', secret: true, line: 1 }],
    providers: [{ name: 'local', type: 'openai', line: 3 }],
    groups: [
      {
        name: 'standard',
        strategy: 'round_robin',
        models: ['local/m'],
        pricing: [{ model: 'm', input: 1, output: 2 }],
      },
    ],
  });
});

test('a report shows each file with OKAY or FAIL, and the totals', async () => {
  const opened = await project({ ...news, 'agents/bad.agent.yaml': 'nam: x\n' });
  const report = await validateProject(opened);
  expect(reportText(report)).toBe(`Workflows
  OKAY  workflows/news.workflow.yaml
  OKAY  workflows/send.workflow.yaml

Agents
  FAIL  agents/bad.agent.yaml
        agents/bad.agent.yaml:1:1: There is no key "nam" here; did you mean "name"? (nam)
        agents/bad.agent.yaml:1:1: warning: The agent has no prompt: it needs "prompt.system" or "prompt.user". (prompt)
        agents/bad.agent.yaml:1:1: The agent has no output schema: add "output.schema", which its answer must fit. (output)
  OKAY  agents/fetcher.agent.yaml

Servers
  OKAY  servers/feed.server.yaml

Systems
  OKAY  gateway.yaml

6 files, 1 with errors: 2 errors, 1 warning
`);
  expect(reportJson(report)).toMatchObject({ valid: false, errors: 2, warnings: 1 });
  expect(reportText(await validateProject(await project({})))).toBe('There are no workflow files here.\n');
});

test('a graph shows steps, files and what failed', async () => {
  const opened = await project({ ...news, 'servers/feed.server.yaml': 'name: x\n' });
  const graph = mermaidGraphs(await collectProject(opened), await validateProject(opened));
  expect(graph).toContain('graph TD');
  expect(graph).toContain('n_each["each [workflow]"]');
  expect(graph).toContain('n_fetch --> n_keep');
  expect(graph).toContain('["fetcher.agent.yaml [agent-file]"]');
  expect(graph).toMatch(/\["feed\.server\.yaml \[server-file\]"\]:::failed/);
});

test('a tree shows what a workflow uses', async () => {
  const opened = await project(news);
  expect(treeText(await workflowTree(opened, join(opened.dir, 'workflows/news.workflow.yaml')))).toBe(
    'news.workflow.yaml [workflow]\n├─ fetcher.agent.yaml [agent]\n│  └─ feed.server.yaml [server]\n└─ send.workflow.yaml [workflow]\n',
  );
});

test('a lock tells which file was changed after it was written', async () => {
  const opened = await project(news);
  const lock = parseLock(JSON.parse(JSON.stringify(await workflowLock(opened))));
  expect(await lockProblems(opened, lock)).toEqual([]);
  writeFileSync(join(opened.dir, 'agents/fetcher.agent.yaml'), agent());
  expect(
    (await lockProblems(await loadProject({ projectDir: opened.dir, env: {} }), lock)).map(({ file }) => file),
  ).toEqual([join(opened.dir, 'agents/fetcher.agent.yaml')]);
});

test('editors get a JSON Schema of every kind of file', () => {
  const schemas = workflowSchemas();
  expect(Object.keys(schemas)).toEqual(['workflow', 'agent', 'server', 'servers', 'gateway', 'environment']);
  expect(schemas.workflow).toMatchObject({ type: 'object', required: ['pipeline'], additionalProperties: false });
});
