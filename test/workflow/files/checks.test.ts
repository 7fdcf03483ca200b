/** What is wrong in a project is found before anything runs, and said with its place. */
import { expect, test } from 'vitest';
import { agent, everythingWrong, problemsIn, workflow, type Files } from './written.ts';

const step = (text: string) => workflow(`  - ${text}\n`);
const noop = 'transform: {ops: []}';

test.each<[string, string, string]>([
  [
    'an unknown key',
    workflow('  []\n', 'pipelin: 1\n'),
    '2:1 error There is no key "pipelin" here; did you mean "pipeline"?',
  ],
  [
    'an unknown key of a step',
    step(`{id: a, ${noop}, conditon: x}`),
    '3:35 error There is no key "conditon" here; did you mean "condition"?',
  ],
  [
    'a missing pipeline',
    'kind: workflow\n',
    '1:1 error The key "pipeline" is missing: expected a list of steps, and here is nothing.',
  ],
  [
    'another kind',
    'kind: agent\npipeline: []\n',
    '1:7 error expected "workflow", and here is a string of 5 characters.',
  ],
  [
    'a wrong type',
    step(`{id: a, webhook: {url: "http://h", timeout_s: soon}}`),
    '3:51 error expected number, and here is a string of 4 characters.',
  ],
  [
    'a duration without unit',
    step(`{id: a, ${noop}, timeout: "30"}`),
    '3:44 error expected a duration such as "500ms", "30s" or "2h", and here is a string of 2 characters.',
  ],
  [
    'two steps with one id',
    workflow(`  - {id: a, ${noop}}\n  - {id: a, ${noop}}\n`),
    '4:10 error There is a step "a" already, in line 3.',
  ],
  [
    'an id that expressions cannot read',
    step(`{id: "a b", ${noop}}`),
    '3:10 error The id of a step has letters, digits, "-" and "_", at most 64, and "a b" does not fit.',
  ],
  [
    'an id that is a word of expressions',
    step(`{id: params, ${noop}}`),
    '3:10 error "params" is a word of expressions, and cannot be the id of a step.',
  ],
  [
    'a step without work',
    step('{id: a}'),
    '3:5 error The step "a" does nothing: give it one of agent, transform, webhook, workflow, wait.',
  ],
  [
    'a step with two kinds of work',
    step(`{id: a, ${noop}, webhook: {url: "http://h"}}`),
    '3:35 error A step does one thing, and "a" has transform, webhook. Make a step of each.',
  ],
  [
    'an unknown dependency',
    workflow(`  - {id: fetch, ${noop}}\n  - {id: b, ${noop}, depends_on: [fetsh]}\n`),
    '4:48 error There is no step "fetsh" to depend on. Did you mean "fetch"?',
  ],
  [
    'a reference to an unknown step',
    workflow(`  - {id: fetch, ${noop}}\n  - {id: b, ${noop}, condition: step.fetsh.x}\n`),
    '4:51 error There is no step "fetsh" to read. Did you mean "fetch"?',
  ],
  [
    'a name that stands for nothing',
    step(`{id: a, ${noop}, condition: "fooo.x"}`),
    '3:47 error "fooo" stands for nothing: it is no step, and not params, env or item.',
  ],
  [
    'an item without a list',
    step('{id: a, webhook: {url: "http://h/{{ item }}"}}'),
    '3:41 error There is no "item" here: the step has no "for_each".',
  ],
  [
    'an expression that cannot be read',
    step(`{id: a, ${noop}, condition: "params.x >"}`),
    '3:57 error This expression cannot be read: it ends too early.',
  ],
  [
    'an unknown operation',
    step('{id: a, transform: {ops: [{filtre: {expr: x}}]}}'),
    '3:40 error There is no operation "filtre". Did you mean "filter"?',
  ],
  [
    'a key of an operation',
    step('{id: a, transform: {ops: [{sort: {fiedl: x}}]}}'),
    '3:46 error "sort" has no key "fiedl"; did you mean "field"?',
  ],
  [
    'a default that is no answer',
    step('{id: a, wait: {question: Q?, schema: {type: object}, default: later}}'),
    'error The default does not fit the schema of the answer: the value must be object',
  ],
  [
    'an operation of a wrong shape',
    step('{id: a, transform: {ops: [{filter: x}]}}'),
    '3:40 error "filter" takes a map with the key "expr".',
  ],
  [
    'an expression in an operation',
    step('{id: a, transform: {ops: [{map: {expr: "a.[" }}]}}'),
    'error This expression cannot be read',
  ],
  [
    'a fan-out without a list',
    step(`{id: a, ${noop}, for_each: {concurrency: 2}}`),
    '3:45 error "for_each" needs the key "from", the list; "items" is another word for it.',
  ],
  [
    'an undeclared variable',
    step('{id: a, webhook: {url: "http://h/{{ env.KEY }}"}}'),
    '3:45 error The variable "KEY" is not declared: add it to "env".',
  ],
  [
    'an undeclared variable that only the door reads',
    workflow('  []\n', 'invoke: {auth: {header: X-Key, scheme: raw, secret: "{{ env.KEY }}"}}\n'),
    '2:61 warning The variable "KEY" is not declared: add it to "env".',
  ],
  [
    'a scheme of authentication that there is not',
    workflow('  []\n', 'invoke: {auth: {header: X-Key, scheme: basic, secret: x}}\n'),
    '2:40 error Expected "bearer", "raw", "hmac-sha256", "standard-webhooks", and here is "basic".',
  ],
  [
    'an authentication without the header that it needs',
    workflow('  []\n', 'invoke: {auth: {scheme: hmac-sha256, secret: x}}\n'),
    '2:16 error Expected "header": the header that the sender shows the secret in.',
  ],
  [
    'a variable that is not set',
    workflow('  []\n', 'env: [{name: KEY}]\n'),
    '2:7 error The variable "KEY" is not set, and has no default. Set it before the workflow is run.',
  ],
  [
    'the older spelling of a variable',
    step('{id: a, webhook: {url: "env:KEY"}}'),
    '3:28 warning "env:KEY" is an older spelling: write "{{ env.KEY }}" and declare "KEY" in "env".',
  ],
  [
    'an environment in a sub-workflow',
    workflow('  - {id: a, webhook: {url: "{{ env.X }}"}}\n', 'visibility: sub-workflow\n'),
    '4:28 error Only a root workflow reads the environment: pass the value to this one as a parameter.',
  ],
  [
    'a file that is not there',
    step('{id: a, agent: agents/no.agent.yaml}'),
    '3:20 error There is no file "agents/no.agent.yaml" beside this file, nor in the folder of the project.',
  ],
  [
    'a file outside of the project',
    step('{id: a, agent: ../../../../etc/passwd}'),
    '3:20 error "../../../../etc/passwd" lies outside of the project. Only files of the project and its workspaces are read.',
  ],
  [
    'a package of a hub',
    step('{id: a, agent: ktsu/parser@1.0.0}'),
    'names a package of a hub, and such packages are not fetched',
  ],
  [
    'an output that is made twice',
    workflow(`  - {id: a, ${noop}}\n`, 'output: {from: a, map: {x: step.a}}\n'),
    '2:10 error The output is made by "map" or taken "from" a step, not both.',
  ],
])('%s', async (_, text, problem) => {
  expect((await problemsIn({ 'workflows/w.workflow.yaml': text })).join('\n')).toContain(problem);
});

const withAgent = (params: string, file: string, head = ''): Files => ({
  'workflows/w.workflow.yaml': workflow(`  - {id: a, agent: agents/x.agent.yaml, params: ${params}}\n`, head),
  'agents/x.agent.yaml': file,
});

test.each<[string, string, string]>([
  [
    'a template in the system prompt',
    'name: x\nmodel: m\nprompt: {system: "Hi {{ params.n }}"}\noutput: {schema: {type: object}}',
    '3:22 error The system prompt is the same for every call: it has no templates. Put them into "user".',
  ],
  [
    'a prompt that reads no parameter',
    'name: x\nmodel: m\nprompt: {user: "{{ step.a }}"}\noutput: {schema: {type: object}}',
    'A prompt reads parameters only',
  ],
  [
    'an unknown parameter in a prompt',
    'name: x\nmodel: m\nprompt: {user: "{{ params.zz }}"}\noutput: {schema: {type: object}}',
    'The agent has no parameter "zz"',
  ],
  [
    'a secret in a prompt',
    'name: x\nmodel: m\nparams: {schema: {properties: {k: {type: string, secret: true}}}}\nprompt: {user: "{{ params.k }}"}\noutput: {schema: {type: object}}',
    'error The parameter "k" is secret, and a secret must not be in a prompt.',
  ],
  [
    'a secret that is written into the file',
    agent('', 'params: {schema: {properties: {k: {type: string, secret: true, default: abc}}}}'),
    'error The parameter "k" is secret, and its default would be in this file',
  ],
  ['a blank reflect prompt', agent().replace('system:', 'reflect: "  ", system:'), 'error The reflect prompt is blank'],
  [
    'a reflection with one turn',
    agent('max_turns: 1').replace('system:', 'reflect: Better?, system:'),
    'warning With one turn a reflection rarely helps',
  ],
  ['no output schema', 'name: x\nmodel: m\nprompt: {system: Hi}', 'error The agent has no output schema'],
  ['no model', agent().replace('model: standard', 'kind: agent'), 'error No model group'],
  [
    'the environment in an agent',
    agent('servers: [{name: s, path: "env:P"}]'),
    'Only a root workflow reads the environment',
  ],
  [
    'a required parameter that is not given',
    agent('', 'params: {schema: {required: [n], properties: {n: {type: string}}}}'),
    'error The agent needs a value for its parameter "n": add it to "params".',
  ],
  [
    'a reserved output that means nothing',
    agent().replace('text:', 'ktsu_confidense:'),
    'warning "ktsu_confidense" is taken out of every output: names with "ktsu_" are reserved. Did you mean "ktsu_confidence"?',
  ],
])('an agent file with %s', async (_, file, problem) => {
  expect((await problemsIn(withAgent('{}', file))).join('\n')).toContain(problem);
});

const server = 'name: s\nurl: http://localhost:9/mcp\n';
const withServer = (access: string, file = server, params = ''): Files => ({
  ...withAgent(
    '{key: "{{ env.KEY }}"}',
    agent(
      `servers: [{name: s, path: ../servers/s.server.yaml, ${access}}]`,
      `params: {schema: {properties: {key: {type: string${params}}}}}`,
    ),
    'env: [{name: KEY, secret: true}]\n',
  ),
  'servers/s.server.yaml': file,
});

test.each<[string, Files, string]>([
  [
    'a star in the middle of a tool name',
    withServer('access: {allowlist: ["a-*-b"]}', server, ', secret: true'),
    'the star stands at the end only, and here is "a-*-b"',
  ],
  [
    'no tool that is allowed',
    withServer('params: {}', server, ', secret: true'),
    'warning No tool of this server may be called',
  ],
  [
    'a wrong word for a rejection',
    withServer('access: {allowlist: [{name: a, require_approval: {on_reject: retry}}]}', server, ', secret: true'),
    '"fail"|"recover"',
  ],
  [
    'a secret parameter that is fed by one that is not',
    withServer(
      'params: {token: "{{ params.key }}"}, access: {allowlist: ["*"]}',
      `${server}params: {token: {secret: true}}\n`,
    ),
    `the agent's parameter "key" is not: add "secret: true" to it`,
  ],
  [
    'a secret that goes into a parameter which is none',
    withServer('access: {allowlist: ["*"]}'),
    'A secret is passed to "key", which the agent does not keep secret',
  ],
  [
    'a parameter without a value',
    withServer('access: {allowlist: ["*"]}', `${server}params: {token: {}}\n`, ', secret: true'),
    'The server needs a value for its parameter "token"',
  ],
  [
    'authentication with a parameter that is not secret',
    withServer('access: {allowlist: ["*"]}', `${server}auth: {secret: "{{ params.key }}"}\n`),
    'authenticates with "params.key", which is not secret',
  ],
  [
    'authentication with a parameter that there is not',
    withServer('access: {allowlist: ["*"]}', `${server}auth: {secret: "{{ params.other }}"}\n`),
    'which neither the agent nor the server has',
  ],
  [
    'no address',
    withServer('access: {allowlist: ["*"]}', 'name: s\n', ', secret: true'),
    'A server has either "url", where it runs, or "command"',
  ],
  [
    'an address of another protocol',
    withServer('access: {allowlist: ["*"]}', 'url: file:///x\n', ', secret: true'),
    'begins with http:// or https://',
  ],
])('a server with %s', async (_, files, problem) => {
  expect((await problemsIn(files, { env: { KEY: 'k' } })).join('\n')).toContain(problem);
});

const sub = (head: string, steps = '  []\n') => workflow(steps, head);
const withChild = (more: string, child: string, head = ''): Files => ({
  'workflows/w.workflow.yaml': workflow(`  - {id: a, workflow: ./child.workflow.yaml${more}}\n`, head),
  'workflows/child.workflow.yaml': child,
});
const needsX = 'visibility: sub-workflow\nparams: {schema: {required: [x], properties: {x: {type: string}}}}\n';

test.each<[string, Files, string]>([
  [
    'a required parameter that is not given',
    withChild('', sub(needsX)),
    'The workflow "child" needs a value for its parameter "x"',
  ],
  [
    'webhooks that only one side allows',
    withChild(', webhooks: execute', sub('visibility: sub-workflow\n')),
    'The step says "webhooks: execute", and the file of "child" does not',
  ],
  [
    'an environment of its own',
    withChild('', sub('env: [{name: K}]\n')),
    'reads the environment, which only a root workflow may',
  ],
  [
    'a circle of files',
    withChild('', workflow('  - {id: b, workflow: w.workflow.yaml}\n')),
    'These workflows use each other in a cycle: w -> child -> w.',
  ],
  [
    'a secret that nobody marked',
    withChild(', params: {x: "{{ env.K }}"}', sub(needsX), 'env: [{name: K, secret: true}]\n'),
    'warning A secret is passed to "x"',
  ],
  [
    'a secret in its condition',
    withChild(
      ', params: {x: "{{ env.K }}"}',
      sub(needsX, `  - {id: c, ${noop}, condition: "params.x == 'y'"}\n`),
      'env: [{name: K, secret: true}]\n',
    ),
    'A condition must not read a secret',
  ],
])('a sub-workflow with %s', async (_, files, problem) => {
  expect((await problemsIn(files, { env: { K: 'k' } })).join('\n')).toContain(problem);
});

test('a required parameter of a sub-workflow may come through input', async () => {
  expect(await problemsIn(withChild(', input: {x: params.y}', sub(needsX)))).toEqual([]);
});

test('a circle of steps is named as a whole, also when it is made by what they read', async () => {
  const text = workflow(
    `  - {id: a, ${noop}, depends_on: [c]}\n  - {id: b, ${noop}, condition: step.a.result}\n  - {id: c, transform: {inputs: [{from: b}]}}\n`,
  );
  expect(await problemsIn({ 'workflows/w.workflow.yaml': text })).toEqual([
    '3:47 error These steps wait for each other in a cycle: a -> c -> b -> a.',
  ]);
});

test('the chain of secrets may go from a root through a sub-workflow and an agent into a server', async () => {
  const files: Files = {
    'workflows/w.workflow.yaml': workflow(
      '  - {id: s, workflow: child.workflow.yaml, params: {token: "{{ env.TOKEN }}"}}\n',
      'env: [{name: TOKEN, secret: true}]\n',
    ),
    'workflows/child.workflow.yaml': workflow(
      '  - {id: a, agent: agents/x.agent.yaml, params: {key: "{{ params.token }}"}}\n',
      'visibility: sub-workflow\nparams: {schema: {required: [token], properties: {token: {type: string, secret: true}}}}\n',
    ),
    'agents/x.agent.yaml': agent(
      'servers: [{name: s, path: servers/s.server.yaml, params: {token: "{{ params.key }}"}, access: {allowlist: ["kv-*"]}}]',
      'params: {schema: {required: [key], properties: {key: {type: string, secret: true}}}}',
    ),
    'servers/s.server.yaml': `${server}auth: {secret: "{{ params.key }}"}\nparams: {token: {secret: true}}\n`,
  };
  expect(await everythingWrong(files)).toEqual([]);
  const literal = {
    ...files,
    'workflows/w.workflow.yaml': workflow('  - {id: a, agent: agents/x.agent.yaml, params: {key: plain}}\n'),
  };
  expect((await everythingWrong(literal)).join('\n')).toContain('"key" of the agent is secret, and this is not');
});

test('the report has all files: those that nothing uses, the gateway and the groups that agents name', async () => {
  const wrong = await everythingWrong({
    'workflows/w.workflow.yaml': workflow('  - {id: a, agent: agents/x.agent.yaml}\n'),
    'agents/x.agent.yaml': agent(),
    'agents/orphan.agent.yaml': 'name: o\nprompt: {system: Hi}\n',
    'servers/orphan.server.yaml': 'name: o\n',
    'servers.yaml': 'servers:\n  - {name: s, url: "http://{{ x }}"}\n',
    'gateway.yaml':
      'providers:\n  - {name: p, type: opnai, config: {api_key: "{{ env.K }}"}}\nmodel_groups:\n  - {name: g, models: [q/m, plain]}\n  - {name: e, models: []}\n',
  });
  expect(wrong).toEqual([
    'workflows/w.workflow.yaml:3 error gateway.yaml has no model group "standard".',
    'agents/orphan.agent.yaml:1 error The agent has no output schema: add "output.schema", which its answer must fit.',
    'servers/orphan.server.yaml:1 error A server has either "url", where it runs, or "command", the program that is started.',
    'gateway.yaml:2 error There is no type of provider "opnai"; did you mean "openai"?',
    'gateway.yaml:2 error The variable "K" is not declared: add it to "env".',
    'gateway.yaml:4 error There is no provider "q". Did you mean "p"?',
    'gateway.yaml:4 error A model is written "provider/model", and here is "plain".',
    'gateway.yaml:5 error The model group "e" has no models.',
    'servers.yaml:2 error In servers.yaml there are literals only, and here is a template.',
  ]);
});

test('an id that YAML reads as a number is its text, wherever the step is named', async () => {
  const files = (pipeline: string) => ({ 'workflows/w.workflow.yaml': workflow(pipeline) });
  const numbered = `  - {id: 1, transform: {inputs: [params]}}
  - {id: 2, depends_on: [1], condition: step.1.result, transform: {inputs: [1, {from: 1}, step.1.result], ops: [{merge: [1]}]}}
  - {id: 3-d, webhook: {url: "https://x.example/{{ step.2.result }}", body: {a: step.2.result.n, b: "{{ step.3-d.sent }}"}}}
`;
  expect(await problemsIn(files(numbered))).toEqual([
    expect.stringContaining('The step "3-d" waits for itself') as string,
  ]);
  expect(await problemsIn(files('  - {id: 1.5, transform: {}}\n  - {id: null, transform: {}}\n'))).toEqual([
    expect.stringContaining('4:10 error expected a text, and here is null.') as string,
  ]);
  expect(await problemsIn(files('  - {id: 1.5, transform: {}}\n'))).toEqual([
    expect.stringContaining('3:10 error The id of a step has letters') as string,
  ]);
});

test.each([
  [
    'params.x == "yes"',
    `"yes" stands for nothing: it is no step, and not params, env or item. A text is written 'yes', in single quotes.`,
  ],
  ['step.a.n > 3', '"3" is not expected here. A number is written in backticks: `3`.'],
  ['params.x === `1`', 'Two values are compared with "==".'],
  ['params.x = `1`', 'Two values are compared with "==".'],
  ['params.x and params.y', 'Write "&&" for "and".'],
  ['params.x or params.y', 'Write "||" for "or".'],
  ['not params.x', 'Write "!" for "not".'],
  ['true', 'Write `true` in backticks.'],
  ['steps.a.ok', '"steps" stands for nothing: it is no step, and not params, env or item. Did you mean "step"?'],
])('a condition as other languages have it, %s, tells how it is written here', async (condition, says) => {
  const files = {
    'workflows/w.workflow.yaml': workflow(
      `  - {id: a, transform: {}}\n  - {id: b, condition: ${JSON.stringify(condition)}, transform: {}}\n`,
    ),
  };
  expect(await problemsIn(files)).toEqual([expect.stringContaining(says) as string]);
});

test('a template without quotes, and one of another language, tell how it is written', async () => {
  const url = 'url: "https://x.example"';
  const files = (value: string) => ({
    'workflows/w.workflow.yaml': workflow(`  - {id: a, webhook: {${url}, body: {b: ${value}}}}\n`),
  });
  expect(await problemsIn(files('{{ params.x }}'))).toEqual([
    '3:59 error A template stands in quotes: "{{ params.x }}".',
  ]);
  expect(await problemsIn(files('"${{ params.x }}"'))).toEqual([
    '3:60 warning The "$" before "{{" is no part of a template: it is sent as it is.',
  ]);
});

test('results of a fan-out that are unwrapped and not flattened are warned of', async () => {
  const files = (ops: string) => ({
    'workflows/w.workflow.yaml': workflow(
      `  - {id: f, transform: {}, for_each: {from: params.l}}\n  - {id: t, transform: {inputs: [{from: f}], ops: [{map: {expr: results}}${ops}]}}\n`,
    ),
  });
  expect(await problemsIn(files(', {filter: {expr: "!ktsu_error"}}'))).toEqual([
    expect.stringContaining('warning The results are one list, so that "filter" is given a list') as string,
  ]);
  for (const ops of ['', ', {flatten: {}}, {filter: {expr: "!ktsu_error"}}'])
    expect(await problemsIn(files(ops))).toEqual([]);
});

test('a file whose name ends with .yml is warned of, unless it is used', async () => {
  const files = {
    'workflows/w.workflow.yaml': workflow('  - {id: s, workflow: ./sub.workflow.yml}\n'),
    'workflows/sub.workflow.yml': 'visibility: sub-workflow\npipeline: []\n',
    'workflows/other.workflow.yml': 'pipeline: []\n',
    'gateway.yml': 'providers: []\n',
  };
  expect(await everythingWrong(files)).toEqual([
    'workflows/other.workflow.yml:1 warning This file is not read: its name must end with ".workflow.yaml".',
    'gateway.yml:1 warning This file is not read: its name must end with "gateway.yaml".',
  ]);
});
