/** The message formats on the bus that other programs can rely on: they are documented, and what is sent matches the documents. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { connect as plainConnect } from 'nats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';
import { RunResponse } from '../../src/cluster/response.ts';
import { NodeReport } from '../../src/cluster/nodeReport.ts';
import { Envelope } from '../../src/contracts/envelope.ts';
import { Failure } from '../../src/values/failure.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { limits } from '../limits.ts';
import { startNode } from './testNodes.ts';

const schemaFile = resolve(import.meta.dirname, '../../docs/wire.schema.json');
const schemas = { Envelope, Answer: RunResponse, NodeReport, Failure };

test('docs/wire.schema.json matches the contracts (npx vitest run test/cluster/wire.test.ts -u writes it)', async () => {
  // All schemas together, so that shared definitions appear once.
  const { $defs, properties } = z.toJSONSchema(z.object(schemas), { io: 'output' });
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'troupe:wire',
    $defs: { ...properties, ...$defs },
  };
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(schemaFile);
});

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

test('the example of docs/wire.md works with a plain NATS client', async () => {
  const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });
  await using _ = await startNode(server, 'default', 'a', [greeter]);
  const guide = readFileSync(resolve(import.meta.dirname, '../../docs/wire.md'), 'utf8');
  const [, code = ''] = /```js\n(.*?)```/s.exec(guide) ?? [];
  const script = code.replace('nats://127.0.0.1:4222', server.url);
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toBe('Hello!\n');
});

test('responses and reports match the documented schemas', async () => {
  const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });
  await using _ = await startNode(server, 'shapes', 'a', [greeter]);
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);
  const schemaErrors = (name: string, value: unknown) => {
    const validate = ajv.getSchema(`troupe:wire#/$defs/${name}`)!;
    return validate(value) ? [] : validate.errors;
  };
  const plainClient = await plainConnect({ servers: server.url });
  const ask = async (subject: string, text: string) => {
    const { data } = await plainClient.request(`troupe.shapes.${subject}`, new TextEncoder().encode(text), {
      timeout: limits.reply,
    });
    return JSON.parse(new TextDecoder().decode(data)) as { status?: string };
  };
  const [done, refused, report] = [
    await ask('_ask.greeter', '"Hi."'),
    await ask('_ask.greeter', '{}'),
    await ask('_nodes.who', ''),
  ];
  expect([done.status, refused.status]).toEqual(['done', 'refused']);
  expect([schemaErrors('Answer', done), schemaErrors('Answer', refused), schemaErrors('NodeReport', report)]).toEqual([
    [],
    [],
    [],
  ]);
  expect(schemaErrors('Answer', { status: 'done' })).not.toEqual([]);
  await plainClient.close();
});
