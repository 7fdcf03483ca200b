/** A project of workflows in a temporary folder, with a model and a receiver of webhooks on this machine. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chatServer, type ChatServer, type Script } from '../../workflow/gateway/chatServer.ts';

/** The secret that must be found nowhere. */
export const canary = 'canary-7d1f9c0b-secret';

/** A request that the receiver got. */
export interface Received {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A receiver of webhooks. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Answers are held back until it is called. */
  release(): void;
  /** Resolves when so many requests have come. */
  until(count: number): Promise<void>;
}

export async function receiver({ held = false } = {}): Promise<Receiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const answers: (() => void)[] = [];
  let holds = held;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      for (const look of waiting) look();
      const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"taken":true}');
      if (holds) answers.push(answer);
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    release() {
      holds = false;
      for (const answer of answers.splice(0)) answer();
    },
    until: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (received.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A project and what it needs. */
export interface TestProject extends AsyncDisposable {
  readonly folder: string;
  readonly hooks: Receiver;
  readonly model: ChatServer;
  /** The variables that it reads. */
  readonly env: Readonly<Record<string, string>>;
  file(name: string, text: string): void;
}

/** A project with the workflows `sort` (a transform), `hook` (a webhook with a secret), `guarded` (with an invoke secret), `outer` (with a sub-workflow) and `ask` (an agent). */
export async function testProject(reply?: Script, held = false): Promise<TestProject> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-serve-'));
  const hooks = await receiver({ held });
  const model = await chatServer(reply);
  const file = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  file(
    'gateway.yaml',
    `env:
  - name: MODEL_KEY
    secret: true
providers:
  - name: local
    type: openai
    config: { base_url: "${model.url}", api_key: "{{ env.MODEL_KEY }}" }
model_groups:
  - name: small
    models: [local/m1]
    pricing: [{ model: m1, input_per_million: 1, output_per_million: 1 }]
`,
  );
  file(
    'workflows/sort.workflow.yaml',
    `kind: workflow
name: sort
version: "1.0.0"
params:
  schema:
    type: object
    required: [list]
    properties: { list: { type: array } }
pipeline:
  - id: sorted
    transform: { inputs: [{ from: params }], ops: [{ map: { expr: "list" } }, { flatten: {} }] }
`,
  );
  file(
    'workflows/hook.workflow.yaml',
    `kind: workflow
name: hook
version: "1.0.0"
env:
  - { name: HOOK_SECRET, secret: true }
pipeline:
  - id: first
    webhook: { url: "${hooks.url}/first", method: POST, body: { n: "{{ params.n }}" }, headers: { x-key: "{{ env.HOOK_SECRET }}" } }
  - id: second
    depends_on: [first]
    webhook: { url: "${hooks.url}/second", method: POST, body: { n: "{{ params.n }}" } }
`,
  );
  file(
    'workflows/guarded.workflow.yaml',
    `kind: workflow
name: guarded
version: "1.0.0"
env:
  - { name: HOOK_SECRET, secret: true }
invoke:
  auth: { header: X-Secret, scheme: raw, secret: "{{ env.HOOK_SECRET }}" }
pipeline: []
`,
  );
  file(
    'workflows/inner.workflow.yaml',
    `kind: workflow
name: inner
version: "1.0.0"
visibility: sub-workflow
params:
  schema:
    type: object
    properties: { x: { type: string } }
pipeline:
  - id: think
    agent: agents/writer.agent.yaml
    params: { topic: "{{ params.x }}" }
output:
  map: { said: "{{ step.think.answer }}" }
`,
  );
  file(
    'workflows/outer.workflow.yaml',
    `kind: workflow
name: outer
version: "1.0.0"
pipeline:
  - id: part
    workflow: ./inner.workflow.yaml
    params: { x: "actors" }
`,
  );
  file(
    'workflows/ask.workflow.yaml',
    `kind: workflow
name: ask
version: "1.0.0"
pipeline:
  - id: think
    agent: agents/writer.agent.yaml
    params: { topic: "{{ params.topic }}" }
`,
  );
  file(
    'agents/writer.agent.yaml',
    `kind: agent
name: writer
version: "1.0.0"
model: small
params:
  schema:
    type: object
    required: [topic]
    properties: { topic: { type: string } }
prompt:
  system: "You write."
  user: "Write about {{ params.topic }}."
output:
  schema:
    type: object
    required: [answer]
    properties: { answer: { type: string } }
`,
  );
  return {
    folder,
    hooks,
    model,
    env: { HOOK_SECRET: canary, MODEL_KEY: `${canary}-of-the-model`, TROUPE_EGRESS_ALLOW: '127.0.0.1' },
    file,
    async [Symbol.asyncDispose]() {
      await hooks[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A project with the workflow `clean`: an agent whose calls of `delete_it` wait for a person, so many of them. */
export async function toolProject(url: string, onReject: 'fail' | 'recover', count = 1): Promise<TestProject> {
  const project = await testProject((_, nth) =>
    nth < count
      ? { calls: [{ id: `c${nth}`, name: 'delete_it', arguments: { path: '/tmp', call: nth + 1 } }] }
      : { content: '{"answer":"after it"}' },
  );
  project.file(
    'servers/files.server.yaml',
    `kind: server\nname: files\nversion: "1.0.0"\nurl: "${url}"\nauth: { header: x-key, scheme: raw, secret: "{{ params.key }}" }\nparams:\n  key: { description: "the key", secret: true }\n`,
  );
  project.file(
    'agents/cleaner.agent.yaml',
    `kind: agent
name: cleaner
version: "1.0.0"
model: small
params:
  schema:
    type: object
    required: [key]
    properties: { key: { type: string, secret: true } }
prompt: { system: "You clean.", user: "Clean." }
servers:
  - name: files
    path: ../servers/files.server.yaml
    params: { key: "{{ params.key }}" }
    access:
      allowlist:
        - name: delete_it
          require_approval: { on_reject: ${onReject} }
output:
  schema:
    type: object
    required: [answer]
    properties: { answer: { type: string } }
`,
  );
  project.file(
    'workflows/clean.workflow.yaml',
    `kind: workflow
name: clean
version: "1.0.0"
env:
  - { name: HOOK_SECRET, secret: true }
pipeline:
  - id: clean
    agent: agents/cleaner.agent.yaml
    params: { key: "{{ env.HOOK_SECRET }}" }
`,
  );
  return project;
}
