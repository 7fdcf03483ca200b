/** The files that `troupe workflow new` writes. They are valid, and run without a key and without a network. */

/** A file: its path from the project, and its text. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** What can be made. */
export type NewKind = 'project' | 'workflow' | 'agent' | 'server';

const schemaLine = (kind: string) =>
  `# For completion in an editor: troupe workflow schema ${kind} > ${kind}.schema.json, and name it to your editor.\n`;

/** The files for a name. */
export function newFiles(kind: NewKind, name: string): readonly NewFile[] {
  switch (kind) {
    case 'project':
      return [
        { path: 'gateway.yaml', text: gateway },
        workflowFile('hello'),
        { path: 'workflows/write.workflow.yaml', text: agentWorkflow },
        agentFile('writer'),
      ];
    case 'workflow':
      return [workflowFile(name)];
    case 'agent':
      return [agentFile(name)];
    case 'server':
      return [{ path: `servers/${name}.server.yaml`, text: server(name) }];
  }
}

const workflowFile = (name: string): NewFile => ({ path: `workflows/${name}.workflow.yaml`, text: workflow(name) });
const agentFile = (name: string): NewFile => ({ path: `agents/${name}.agent.yaml`, text: agent(name) });

const workflow = (name: string) => `${schemaLine('workflow')}kind: workflow
name: ${name}
params:
  schema:
    type: object
    required: [name]
    properties:
      name: {type: string, description: Who is greeted.}
pipeline:
  - id: greet
    transform:
      inputs: [{from: params}]
      ops:
        - map: {expr: "{greeting: join(' ', ['Hello,', name])}"}
`;

const agentWorkflow = `${schemaLine('workflow')}kind: workflow
name: write
params:
  schema:
    type: object
    required: [topic]
    properties:
      topic: {type: string, description: What the text is about.}
pipeline:
  - id: draft
    agent: agents/writer.agent.yaml
    params: {topic: "{{ params.topic }}"}
`;

const agent = (name: string) => `${schemaLine('agent')}name: ${name}
model: standard
params:
  schema:
    type: object
    required: [topic]
    properties:
      topic: {type: string}
prompt:
  system: You write one short text about the topic that you are given.
  user: "{{ params.topic }}"
output:
  schema:
    type: object
    required: [text]
    properties:
      text: {type: string}
`;

const server = (name: string) => `${schemaLine('server')}name: ${name}
description: A tool server. An agent names it under servers[].path, with the tools that it may call.
# Or, for a program on this machine: command: node, args: [server.js]
url: http://127.0.0.1:8080/mcp
`;

const gateway = `${schemaLine('gateway')}# The model that needs no key and no network. For a real one replace the provider:
#   env: [{name: MODEL_API_KEY, secret: true}]
#   providers:
#     - {name: models, type: openai, config: {base_url: "https://api.openai.com/v1", api_key: "{{ env.MODEL_API_KEY }}"}}
#   model_groups:
#     - {name: standard, models: [models/gpt-5-mini]}
providers:
  - {name: local, type: offline}
model_groups:
  - {name: standard, models: [local/extractive]}
`;
