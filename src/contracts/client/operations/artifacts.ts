/** What can be done with artifacts. */
import * as z from 'zod';
import { anyJson } from '../../../values/anyJson.ts';
import { ArtifactInfo } from '../execution.ts';
import { answers, operationFields } from './fields.ts';
import { declareBytes, declareOperation } from './operation.ts';

const { cursor, execId, limit, text } = operationFields;
const { page } = answers;

const artifactId = text().describe(
  'The id of the artifact as lists give it: `<run>/<call>/<name>`, where a slash in a call or a name is `%2F`.',
);

/** The operations of artifacts, by their names. */
export const artifactOperations = {
  'artifacts.list': declareOperation({
    summary: 'Lists the artifacts of a run in the order in which they were made, without their values.',
    input: {
      exec_id: execId,
      name: text().exactOptional().describe('Only those with this name.'),
      kind: text().exactOptional().describe('Only those of this kind, such as `output` or `prompt`.'),
      producing_call: text().exactOptional().describe('Only those that this call has made.'),
      limit,
      cursor,
    },
    output: page(ArtifactInfo),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/executions/{exec_id}/artifacts' },
    tool: 'troupe_artifacts_list',
    perform: (client, { exec_id, ...query }) => client.artifacts.list(exec_id, query),
  }),
  'artifacts.get': declareOperation({
    summary: 'An artifact with its value.',
    input: { artifact_id: artifactId },
    output: z.object({
      ...ArtifactInfo.shape,
      value: anyJson(),
      value_format: z.enum(['json', 'text', 'base64']),
    }),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/artifacts/{artifact_id}' },
    tool: 'troupe_artifacts_get',
    perform: (client, { artifact_id }) => client.artifacts.get(artifact_id),
  }),
  'artifacts.read': declareBytes({
    summary: 'The bytes of an artifact.',
    input: { artifact_id: artifactId },
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/artifacts/{artifact_id}/content' },
    tool: null,
    perform: (client, { artifact_id }) => client.artifacts.read(artifact_id),
  }),
};
