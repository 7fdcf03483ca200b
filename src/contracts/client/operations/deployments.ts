/** What can be done with deployments. */
import * as z from 'zod';
import { anyJson } from '../../../values/anyJson.ts';
import { Execution } from '../execution.ts';
import { answers, operationFields } from './fields.ts';
import { declareOperation } from './operation.ts';

const { cursor, flowName, json, limit, runKey, tag, version, text } = operationFields;
const { nothing, page } = answers;

const Deployment = z.object({
  flow: z.string(),
  version: z.number(),
  tags: z.array(z.string()).readonly(),
  exclusive_tags: z.array(z.string()).readonly(),
  created_at: z.number(),
  hash: z.string(),
  input_schema: z.record(z.string(), anyJson()).exactOptional(),
  commit_sha: z.string().exactOptional(),
  commit_dirty: z.boolean().exactOptional(),
});

const flow = flowName.describe('The name of the deployed flow.');
const which = {
  version: version.exactOptional().describe('This version; give it or a tag, not both.'),
  tag: tag.exactOptional().describe('The version with this tag; `default` when neither is given.'),
};
const versionPath = '/v1/deployments/{flow}/versions/{version}';

/** The operations of deployments, by their names. */
export const deploymentOperations = {
  'deployments.list': declareOperation({
    summary: 'Lists deployed versions, the newest first.',
    input: { flow: flow.exactOptional(), limit, cursor },
    output: page(Deployment),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/deployments' },
    tool: 'troupe_deployments_list',
    perform: (client, query) => client.deployments.list(query),
  }),
  'deployments.get': declareOperation({
    summary: 'A deployed version, with the JSON Schema of its input.',
    input: { flow, ...which },
    output: Deployment,
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/deployments/{flow}' },
    tool: 'troupe_deployments_get',
    perform: (client, { flow: name, ...asked }) => client.deployments.get(name, asked),
  }),
  'deployments.create': declareOperation({
    summary: 'Deploys a file as the next version of its flow.',
    input: {
      file: text().describe('A file of the server with a definition.'),
      name: text().exactOptional().describe('The name of the flow; that of the definition by default.'),
      tags: z.array(text()).readonly().exactOptional().describe('Tags of the new version.'),
      exclusive: z.boolean().exactOptional().describe('The tags move here from other versions.'),
      input: z.record(z.string(), anyJson()).exactOptional().describe('Defaults of the input.'),
    },
    output: Deployment,
    reads: false,
    access: 'admin',
    http: { method: 'POST', path: '/v1/deployments' },
    tool: 'troupe_deployments_deploy',
    perform: (client, { file, ...options }) => client.deployments.create(file, options),
  }),
  'deployments.invoke': declareOperation({
    summary: 'Starts a run of a deployed version.',
    input: {
      flow,
      input: json('What the run is given; null when it takes nothing.').default(null),
      ...which,
      key: runKey,
    },
    output: Execution,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/deployments/{flow}/invoke' },
    tool: 'troupe_deployments_invoke',
    perform: (client, { flow: name, input, ...asked }) => client.deployments.invoke(name, input, asked),
  }),
  'deployments.tag': declareOperation({
    summary: 'Gives a deployed version a tag. An exclusive tag moves here from any other version.',
    input: {
      flow,
      version,
      tag,
      exclusive: z.boolean().exactOptional().describe('Only one version has it; false by default.'),
    },
    output: Deployment,
    reads: false,
    repeats: true,
    access: 'admin',
    http: { method: 'PUT', path: `${versionPath}/tags/{tag}` },
    tool: 'troupe_deployments_tag',
    perform: (client, { flow: name, version: number, tag: given, ...options }) =>
      client.deployments.tag(name, number, given, options),
  }),
  'deployments.untag': declareOperation({
    summary: 'Takes a tag from a deployed version.',
    input: { flow, version, tag },
    output: Deployment,
    reads: false,
    access: 'admin',
    http: { method: 'DELETE', path: `${versionPath}/tags/{tag}` },
    tool: 'troupe_deployments_untag',
    perform: (client, { flow: name, version: number, tag: given }) => client.deployments.untag(name, number, given),
  }),
  'deployments.delete': declareOperation({
    summary: 'Removes a deployed version that has no exclusive tag.',
    input: { flow, version },
    output: nothing,
    reads: false,
    destroys: true,
    access: 'admin',
    http: { method: 'DELETE', path: versionPath },
    tool: 'troupe_deployments_delete',
    perform: async (client, { flow: name, version: number }) => (await client.deployments.delete(name, number), {}),
  }),
};
