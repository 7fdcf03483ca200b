/** A workflow with every kind of step: agents with tools and an approval, transforms, webhooks, a sub-workflow, a question, items of all kinds, attempts that fail. */
import type { ModelAnswer, ModelRequest } from '../../../src/contracts/model.ts';
import type { EgressRequest } from '../../../src/security/shapes.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import type { Json } from '../../../src/values/json.ts';
import { calling, definitionOf, lastOf, runnable, says } from './world.ts';

const workflowFile = `
kind: workflow
params: {schema: {type: object, properties: {topic: {type: string}}}}
pipeline:
  - {id: plan, agent: agents/planner.agent.yaml, params: {topic: "{{ params.topic }}"}}
  - {id: told, on: approval, depends_on: [plan], webhook: {url: "http://desk/approval"}}
  - id: names
    transform: {inputs: [{from: plan}], ops: [{map: {expr: "items"}}, {flatten: {}}]}
  - id: each
    depends_on: [names]
    agent: agents/writer.agent.yaml
    params: {item: "{{ item.name }}"}
    for_each: {from: "step.names.result", concurrency: 2, max_failures: -1}
    retry: {max: 1, backoff: 1s}
  - id: post
    depends_on: [names]
    webhook: {url: "http://desk/item", body: {name: "item.name"}}
    for_each: {from: "step.names.result", concurrency: 2, max_failures: -1}
    retry: {max: 2, backoff: 1s}
  - {id: sub, on_error: continue, workflow: ./inner.workflow.yaml, webhooks: execute, input: {n: "{{ step.plan.n }}"}}
  - {id: ask, wait: {question: "Is {{ step.plan.n }} right?", timeout: 1h, default: {right: false}}}
  - {id: slow, depends_on: [plan], timeout: 5s, on_error: continue, webhook: {url: "http://desk/slow"}}
  - {id: never, condition: "step.plan.n > \`5\`", depends_on: [plan], webhook: {url: "http://desk/never"}}
output:
  map:
    names: "{{ step.names.result }}"
    each: "{{ step.each.results }}"
    post: "{{ step.post.results }}"
    sub: "{{ step.sub }}"
    ask: "{{ step.ask }}"
    slow: "{{ step.slow.error.code }}"
    never: "{{ step.never }}"
`;

const files = {
  'workflows/w.workflow.yaml': workflowFile,
  'workflows/inner.workflow.yaml': `
kind: workflow
visibility: sub-workflow
webhooks: execute
params: {schema: {type: object, properties: {n: {type: integer}}}}
pipeline:
  - {id: hello, webhook: {url: "http://desk/inner", body: {n: "params.n"}}}
  - {id: think, depends_on: [hello], agent: agents/writer.agent.yaml, params: {item: "inner {{ params.n }}"}}
`,
  'agents/planner.agent.yaml': `
name: planner
model: standard
params: {schema: {type: object, properties: {topic: {type: string}}}}
prompt: {system: You plan., user: "plan {{ params.topic }}"}
servers: [{name: desk, path: servers/desk.server.yaml, access: {allowlist: [note, {name: pay, require_approval: {on_reject: recover}}]}}]
output: {schema: {type: object, properties: {n: {type: integer}, items: {type: array}}}}
`,
  'agents/writer.agent.yaml': `
name: writer
model: standard
params: {schema: {type: object, properties: {item: {type: string}}}}
prompt: {system: You write., user: "write {{ params.item }}"}
output: {schema: {type: object, properties: {text: {type: string}}}}
`,
  'servers/desk.server.yaml': 'name: desk\nurl: http://desk/mcp\n',
};

export const everyKind = await definitionOf(files);

/** Whoever answers by the conversation alone answers alike in every process. */
export function storyModel(request: ModelRequest): ModelAnswer {
  const asked = lastOf(request);
  if (!asked.startsWith('plan')) {
    if (asked.includes('broken')) throw new TroupeError('tool', 'The model cannot do this.');
    return says({ text: asked });
  }
  return request.messages.some(({ role }) => role === 'tool')
    ? says({ n: 3, items: ['a', 'b', 'broken', 'c'].map((name) => ({ name })) })
    : calling(['note', { of: 'plan' }], ['pay', { to: 'ada' }]);
}

/** Answers late to `/slow`, and refuses some requests the first time. */
const receiver = (late: () => Promise<void>) => {
  const refused = new Set<string>();
  return async ({ url, headers }: EgressRequest): Promise<number> => {
    const key = String(headers?.['idempotency-key']);
    if (String(url).endsWith('/slow')) await late();
    if (!String(url).endsWith('/item') || refused.has(key)) return 200;
    refused.add(key);
    return 503;
  };
};

/** The story with a world of its own. `late` is how long the slow receiver takes, `each` how long every other call does: no time by default. */
export function story(late: () => Promise<void>, each: () => Promise<void> = async () => {}) {
  const receive = receiver(late);
  const { subject, world } = runnable(everyKind, {
    model: async (request) => (await each(), storyModel(request)),
    receive: async (request) => (await each(), receive(request)),
  });
  return {
    subject,
    world,
    input: { topic: 'tea' },
    answer: ({ question }: { readonly question: string }): Json =>
      question.startsWith('May') ? { approved: true } : { right: true },
    /** What must be the same however it went. */
    outside: (): Json => [world.notes, [...world.received].sort(([a], [b]) => (a < b ? -1 : 1))],
  };
}
