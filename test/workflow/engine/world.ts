/** Workflows on the real engine: files that a test writes, with models, tools and receivers of webhooks that are functions. */
import { z } from 'zod';
import { tool } from 'troupe';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ModelAnswer, ModelRequest } from '../../../src/contracts/model.ts';
import type { WorkflowDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { Workflow } from '../../../src/define/workflow.ts';
import type { EgressRequest } from '../../../src/security/shapes.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { asJson, type Json } from '../../../src/values/json.ts';
import { loadProject } from '../../../src/workflow/files/project/project.ts';
import { workflowNamed } from '../../../src/workflow/files/project/load.ts';
import { compileWorkflow, remoteStepOptions } from '../../../src/runtime/workflowActors.ts';
import { localTools } from '../../../src/tools/local.ts';
import { remoteAgentStepActor, type RemoteRuntime } from '../../../actors/workflow/remoteAgentStep.ts';
import type { ServerCredentials } from '../../../actors/workflow/agentStep/deps.ts';
import { rootWorkflowStart } from '../../../actors/workflow/start.ts';
import { answer } from '../../actors/fixtures.ts';

/** The workflow `w` of these files. Their texts are YAML; JSON is YAML, too. */
export async function definitionOf(files: Readonly<Record<string, string>>): Promise<WorkflowDefinition> {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-engine-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    const { definition, problems } = await workflowNamed(await loadProject({ projectDir: dir, env: {} }), 'w');
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (definition && errors.length === 0) return definition;
    throw new Error(problems.map(({ file, line, message }) => `${file}:${line} ${message}`).join('\n'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Calls of tools, as a model makes them. */
export const calling = (...calls: readonly (readonly [name: string, input?: Json])[]): ModelAnswer =>
  answer('', ...calls.map(([name, input = {}], index) => ({ id: `c${index}`, name, input: input as never })));
/** A JSON text, as a model answers. */
export const says = (value: Json): ModelAnswer => answer(JSON.stringify(value));

/** What is outside of a workflow. */
export interface Outside {
  /** The answer of a model; by default it is `{"text":"…"}` with the last message of the user. */
  readonly model?: (request: ModelRequest) => ModelAnswer | Promise<ModelAnswer>;
  /** The answer of a receiver: the status, or an error that is thrown. 200 by default. */
  readonly receive?: (request: EgressRequest, times: number) => number | Promise<number>;
  /** The price of a call, in US dollars per million tokens; none by default. */
  readonly price?: { readonly input: number; readonly output: number };
  /** Told the model group of each call. */
  readonly group?: (group: unknown) => void;
  /** Told with what each tool server is reached. */
  readonly credentials?: (given: ServerCredentials) => void;
  /** Runtimes that do the agent steps; by default they are done here. */
  readonly remote?: RemoteRuntime;
}

/** What has happened outside. */
export interface Happened {
  /** Each write of a tool once for each key, by what was written. */
  readonly notes: Json[];
  /** The bodies of webhooks, by their key. */
  readonly received: Map<string, Json>;
  /** How often models were asked. */
  asked: number;
  /** How many webhooks were sent, repetitions included. */
  sent: number;
}

/** The last message of the user. */
export const lastOf = ({ messages }: ModelRequest): string => {
  const last = messages.findLast(({ role }) => role === 'user');
  return last?.role === 'user' ? last.text : '';
};

/** A workflow that can be run, with its world, which is new. */
export function runnable(
  definition: WorkflowDefinition,
  outside: Outside = {},
): { subject: Workflow; world: Happened } {
  const {
    model = (request) => says({ text: lastOf(request) }),
    receive = () => 200,
    price,
    remote,
    group: asked = () => {},
    credentials: connected = () => {},
  } = outside;
  const world: Happened = { notes: [], received: new Map(), asked: 0, sent: 0 };
  const keys = new Set<string>();
  const writer = (name: string) =>
    tool({
      name,
      description: name,
      effect: 'write',
      idempotent: true,
      input: z.looseObject({}),
      output: z.string(),
      run: async (input, { key }) => {
        if (!keys.has(key)) world.notes.push([name, input as Json]);
        keys.add(key);
        return 'done';
      },
    });
  const subject: Workflow = {
    kind: 'workflow',
    name: definition.name,
    definition,
    start: (params) => asJson(rootWorkflowStart(definition, params)),
    compile: () =>
      compileWorkflow(definition, {
        gateway: {
          async answer(group, request) {
            world.asked++;
            asked(group);
            return await model(request);
          },
          ...(price ? { estimate: () => ({ price, inputTokens: 10, maxOutputTokens: 10 }) } : {}),
        },
        servers: {
          tools(_, given) {
            connected(given);
            return localTools([writer('note'), writer('pay')]);
          },
        },
        ...(remote
          ? {
              agentStep: (secrets) => ({
                machine: remoteAgentStepActor({ remote, secrets }),
                options: remoteStepOptions,
              }),
            }
          : {}),
        egress: {
          async request(request) {
            const key = String(request.headers?.['idempotency-key'] ?? '');
            const status = await receive(request, world.sent++);
            if (status < 400) world.received.set(key, JSON.parse(String(request.body)) as Json);
            return { status, headers: {}, body: new Uint8Array() } as never;
          },
        },
      }),
  };
  return { subject, world };
}

/** The output of a run of a workflow. Throws when it has not ended by itself. */
export function outputIn(outcome: { readonly status: string }): {
  readonly status: string;
  readonly [name: string]: unknown;
} {
  if (!('output' in outcome)) throw new TroupeError('internal', JSON.stringify(outcome));
  return outcome.output as { status: string };
}
