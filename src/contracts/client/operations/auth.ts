/** What can be done with access tokens. None of it is a tool: a token must not come into the context of a model. */
import * as z from 'zod';
import { answers, operationFields } from './fields.ts';
import { declareOperation } from './operation.ts';

const { text } = operationFields;
const { all, nothing } = answers;

const info = { name: z.string(), created_at: z.number(), expires_at: z.number().exactOptional() };
const Token = z.object(info);
const MadeToken = z.object({ ...info, token: z.string() });
const tokenName = text().describe('The name of the token.');

/** The operations of access tokens, by their names. */
export const authOperations = {
  'auth.create': declareOperation({
    summary: 'Makes a token. It is shown only here.',
    input: {
      name: tokenName,
      expiresIn: text().exactOptional().describe('How long it can be used, such as `30d`; for ever by default.'),
    },
    output: MadeToken,
    reads: false,
    access: 'admin',
    http: { method: 'POST', path: '/v1/tokens' },
    tool: null,
    perform: (client, { name, ...options }) => client.auth.create(name, options),
  }),
  'auth.list': declareOperation({
    summary: 'Lists the tokens: their names and ends, without the tokens themselves.',
    input: {},
    output: all(Token),
    reads: true,
    access: 'admin',
    http: { method: 'GET', path: '/v1/tokens' },
    tool: null,
    perform: async (client) => ({ items: await client.auth.list() }),
  }),
  'auth.rotate': declareOperation({
    summary: 'Makes a new token under a name. The one before it stops working, at once unless it is kept.',
    input: {
      name: tokenName,
      keepFor: text()
        .exactOptional()
        .describe('How long the one before still works, such as `15m`; not at all by default.'),
    },
    output: MadeToken,
    reads: false,
    access: 'admin',
    http: { method: 'POST', path: '/v1/tokens/{name}/rotate' },
    tool: null,
    perform: (client, { name, ...options }) => client.auth.rotate(name, options),
  }),
  'auth.delete': declareOperation({
    summary: 'Removes a token, which stops working at once.',
    input: { name: tokenName },
    output: nothing,
    reads: false,
    destroys: true,
    access: 'admin',
    http: { method: 'DELETE', path: '/v1/tokens/{name}' },
    tool: null,
    perform: async (client, { name }) => (await client.auth.delete(name), {}),
  }),
};
