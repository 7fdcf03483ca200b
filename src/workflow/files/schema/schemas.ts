/** JSON Schemas of all kinds of files, for editors: made from the schemas that the files are checked with. */
import * as z from 'zod';
import type { JsonObject } from '../../../values/json.ts';
import { agentFileSchema } from './agent.ts';
import { environmentFileSchema } from './environment.ts';
import { gatewayFileSchema } from './gateway.ts';
import { serverFileSchema, serversFileSchema } from './server.ts';
import { workflowFileSchema } from './workflow.ts';

/** The kinds of files of a workflow project, with how their names end. */
export const workflowFileKinds = {
  workflow: '.workflow.yaml',
  agent: '.agent.yaml',
  server: '.server.yaml',
  servers: 'servers.yaml',
  gateway: 'gateway.yaml',
  environment: '.env.yaml',
} as const;

/** A kind of file. */
export type WorkflowFileKind = keyof typeof workflowFileKinds;

const schemas: Readonly<Record<WorkflowFileKind, z.ZodType>> = {
  workflow: workflowFileSchema,
  agent: agentFileSchema,
  server: serverFileSchema,
  servers: serversFileSchema,
  gateway: gatewayFileSchema,
  environment: environmentFileSchema,
};

/** The JSON Schema (2020-12) of each kind of file. */
export function workflowSchemas(): Readonly<Record<WorkflowFileKind, JsonObject>> {
  const made = Object.entries(schemas).map(([kind, schema]) => [
    kind,
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  ]);
  // The entries have the kinds as keys, and JSON Schemas are JSON.
  return Object.fromEntries(made) as Record<WorkflowFileKind, JsonObject>;
}
