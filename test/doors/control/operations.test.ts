/** What can be done over HTTP is what the client can do: no less, no more, and with the same arguments. */
import { expect, test } from 'vitest';
import type { TroupeClient } from '../../../src/contracts/client/client.ts';
import { operations, type OperationName } from '../../../src/contracts/client/operations/operations.ts';
import type { ClientOperation } from '../../../src/contracts/client/operations/operation.ts';
import { openControl } from './openControl.ts';
import { everyCall, recordingClient, settled } from './recordingClient.ts';

/** The names of all methods of the client, as its type has them: a method without an operation does not compile. */
type Methods = {
  [Group in keyof TroupeClient & string]: `${Group}.${keyof TroupeClient[Group] & string}`;
}[keyof TroupeClient & string];
const complete: Record<Methods, ClientOperation> = operations;
const nothingElse: Record<OperationName, ClientOperation> & { [Name in Exclude<OperationName, Methods>]: never } =
  operations;

const list = Object.entries<ClientOperation>(complete);

test('every method of the client is an operation, and every operation is a method', () => {
  const { client } = recordingClient();
  const methods = Object.entries(client).flatMap(([group, each]) =>
    Object.keys(each as object).map((method) => `${group}.${method}`),
  );
  expect(Object.keys(nothingElse).sort()).toEqual(methods.sort());
  expect(everyCall.map(([name]) => name).sort()).toEqual(methods.sort());
});

test('no two operations have the same address, and no two tools the same name', () => {
  const addresses = list.map(([, { http }]) => `${http.method} ${http.path.replaceAll(/\{\w+\}/g, '{}')}`);
  expect(new Set(addresses).size).toBe(list.length);
  const tools = list.flatMap(([, { tool }]) => tool ?? []);
  expect(new Set(tools).size).toBe(tools.length);
});

test('what is installed on the server, and its tokens, need the token of the server; a token is never a tool', () => {
  const changes = list.filter(([name, { reads }]) => !reads && /^(?:deployments|schedules|secrets|auth)\./.test(name));
  const open = changes.filter(([, { access }]) => access !== 'admin').map(([name]) => name);
  expect(open).toEqual(['deployments.invoke', 'schedules.start']);
  expect(list.filter(([name]) => name.startsWith('auth.')).every(([, { tool }]) => tool === null)).toBe(true);
});

test.each(everyCall)(
  '%s arrives with the arguments that it was called with, and answers the same',
  async (name, call, args) => {
    const here = recordingClient();
    const there = recordingClient();
    const { at } = await openControl(there.client);
    const expected = await settled(await call(here.client));
    expect(await settled(await call(at()))).toEqual(expected);
    // Lines are only followed of a run that is there.
    const asked = name === 'executions.follow' ? there.calls.filter(([each]) => each === name) : there.calls;
    expect(asked).toEqual([[name, ...args]]);
  },
);

test('the document at /openapi.json has each operation with its fields', async () => {
  const { ask } = await openControl(recordingClient().client);
  const document = (await ask('GET /openapi.json')).json() as {
    openapi: string;
    paths: Record<
      string,
      Record<
        string,
        {
          parameters: { name: string }[];
          requestBody?: { content: Record<string, { schema: { properties: object } }> };
        }
      >
    >;
  };
  expect(document.openapi).toBe('3.1.0');
  for (const [name, { http, input }] of list) {
    const described = document.paths[http.path]?.[http.method.toLowerCase()];
    const body = described?.requestBody?.content['application/json']?.schema.properties ?? {};
    const fields = [...(described?.parameters ?? []).map((each) => each.name), ...Object.keys(body)];
    expect([name, fields.sort()]).toEqual([name, Object.keys(input.shape).sort()]);
  }
});

test('a signal without a value is sent with null, as from the shell', async () => {
  const { client, calls } = recordingClient();
  const { ask } = await openControl(client);
  expect((await ask('POST /v1/executions/r/signals/news', {})).status).toBe(200);
  expect(calls).toContainEqual(['executions.signal', 'r', 'news', null]);
});
