/** Plays a case: the workflow of a project is invoked, and everything that can be seen of it is gathered. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usedMetrics } from '../../../src/contracts/workflow/metrics.ts';
import type { StepMetrics, StepRecord } from '../../../src/contracts/workflow/step.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { openRuntime } from '../../../src/runtime/runtime.ts';
import { runnableWorkflow } from '../../../src/runtime/workflow.ts';
import { toFailure } from '../../../src/values/failure.ts';
import type { Json } from '../../../src/values/json.ts';
import { workflowNamed } from '../../../src/workflow/files/project/load.ts';
import { loadProject } from '../../../src/workflow/files/project/project.ts';
import type { Ticket } from '../../../src/runtime/tickets.ts';
import type { Doubles, HookCall, ModelCall, ToolServerCall } from './doubles.ts';

/** What is invoked. */
export interface Invocation {
  readonly workflow: string;
  readonly input: Json;
  readonly env: Readonly<Record<string, string>>;
}

/** The end of a step, as far as it is seen. */
export interface PlayedStep {
  readonly status: string;
  readonly output?: unknown;
  readonly reason?: string;
  readonly code?: string;
  readonly failure?: { readonly message: string };
  readonly metrics: Omit<StepMetrics, 'model_resolved' | 'reflect_calls'> & {
    readonly reflect_calls?: number | undefined;
  };
  readonly notes?: unknown;
  readonly reflected?: boolean | undefined;
  readonly raw_output?: unknown;
}

/** What came of it. */
export interface Played {
  /** The status that the invocation is answered with. */
  readonly http: number;
  readonly status?: 'complete' | 'failed' | 'cancelled';
  /** The parameters do not fit, or the run failed. */
  readonly failure?: { readonly message: string; readonly kind?: string };
  readonly steps: Readonly<Record<string, PlayedStep>>;
  readonly models: readonly ModelCall[];
  readonly hooks: readonly HookCall[];
  readonly tools: readonly ToolServerCall[];
  /** The result of the run. */
  readonly output?: Json;
  /** Everything that was stored, as one text; over HTTP it is not seen. */
  readonly stored?: string;
}

/** A copy of a project that talks to the doubles. The caller removes it. */
export function copyProject(from: string, { ports }: Doubles): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-cases-')));
  cpSync(from, dir, { recursive: true });
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.yaml')) continue;
    const file = join(dir, name);
    writeFileSync(file, withPorts(readFileSync(file, 'utf8'), ports));
  }
  return dir;
}

export const removeProject = (dir: string): void => rmSync(dir, { recursive: true, force: true });

/** A text with the ports of the doubles in place of the recorded ones. */
export const withPorts = (text: string, ports: Doubles['ports']): string =>
  text.replaceAll(/:(616[0-3])\b/g, (whole, port: string) => {
    const found = Object.entries(ports).find(([recorded]) => recorded === port);
    return found ? `:${found[1]}` : whole;
  });

/** The variables with the ports of the doubles. */
export const variablesFor = (env: Invocation['env'], { ports }: Doubles): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, withPorts(value, ports)]));

/** What a person says to a ticket; undefined leaves it open. */
export type Person = (ticket: Ticket) => Json | undefined;

/** Nothing was begun. */
export const nothingBegun = { steps: {}, models: [], hooks: [], tools: [] } as const;

/** Invokes a workflow of a project in this process. Without a person nobody answers tickets. */
export async function play(
  dir: string,
  { workflow, input, env }: Invocation,
  doubles: Doubles,
  person?: Person,
): Promise<Played> {
  doubles.clear();
  const variables = variablesFor(env, doubles);
  const project = await loadProject({ projectDir: dir, env: variables });
  const { definition } = await workflowNamed(project, workflow, { lenient: true });
  if (!definition || definition.visibility === 'sub-workflow') return { http: 404, ...nothingBegun };
  await using runtime = await openRuntime({ journal: memory(), env: {} });
  try {
    const run = await runtime.start(runnableWorkflow(definition, project, { allow: ['localhost'] }), input);
    let outcome = await run.outcome({ returnWhenWaiting: person !== undefined });
    while (outcome.status === 'waiting') {
      for (const ticket of outcome.tickets) await runtime.answer(ticket.id, person?.(ticket) ?? null, 'Ada');
      outcome = await run.outcome({ returnWhenWaiting: true });
    }
    const stored = await Promise.all([runtime.journal.history({}), runtime.journal.ledger(run.id)]);
    // The workflow writes only records to this list.
    const records = (await runtime.journal.list(run.root, 'records')) as unknown as readonly StepRecord[];
    return {
      http: 202,
      ...(outcome.status === 'done' ? { status: 'complete', output: outcome.output } : {}),
      ...(outcome.status === 'failed' ? { status: 'failed', failure: outcome.failure } : {}),
      ...(outcome.status === 'cancelled' ? { status: 'cancelled' } : {}),
      steps: Object.fromEntries(records.map(({ id, end }) => [id, { ...end, metrics: usedMetrics(end) }])),
      models: [...doubles.models],
      hooks: [...doubles.hooks],
      tools: [...doubles.tools],
      stored: JSON.stringify(stored),
    };
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.kind !== 'invalid') throw thrown;
    return { http: 422, failure, ...nothingBegun };
  }
}
