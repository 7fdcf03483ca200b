/** What can be done with secrets. Their values go in, and none comes out. */
import * as z from 'zod';
import { answers, operationFields } from './fields.ts';
import { declareOperation } from './operation.ts';

const { cursor, limit, text } = operationFields;
const { nothing, page } = answers;

const Secret = z.object({
  name: z.string(),
  keys: z.array(z.string()).readonly(),
  private: z.boolean(),
  created_at: z.number(),
  updated_at: z.number(),
});
const secretName = text().describe('The name of the secret.');

/** The operations of secrets, by their names. */
export const secretOperations = {
  'secrets.create': declareOperation({
    summary: 'Stores values under a name. The answer has no values, and none can be read again from here.',
    input: {
      name: secretName,
      values: z.record(z.string(), z.string()).describe('The values by their keys, such as API_KEY.'),
      private: z
        .boolean()
        .exactOptional()
        .describe('Only the functions of checkpoints get its values; true by default.'),
    },
    output: Secret,
    reads: false,
    access: 'admin',
    http: { method: 'POST', path: '/v1/secrets' },
    tool: 'troupe_secrets_create',
    perform: (client, { name, values, ...options }) => client.secrets.create(name, values, options),
  }),
  'secrets.list': declareOperation({
    summary: 'Lists secrets: their names and keys, without values.',
    input: { limit, cursor },
    output: page(Secret),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/secrets' },
    tool: 'troupe_secrets_list',
    perform: (client, query) => client.secrets.list(query),
  }),
  'secrets.delete': declareOperation({
    summary: 'Removes a secret.',
    input: { name: secretName },
    output: nothing,
    reads: false,
    destroys: true,
    access: 'admin',
    http: { method: 'DELETE', path: '/v1/secrets/{name}' },
    tool: 'troupe_secrets_delete',
    perform: async (client, { name }) => (await client.secrets.delete(name), {}),
  }),
};
