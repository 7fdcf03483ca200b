/** Plays a case through the HTTP contract, over a real socket. */
import { orchestratorRoutes } from '../../../src/doors/http/orchestrator/routes.ts';
import { orchestratorService } from '../../../src/doors/http/serve/orchestratorService.ts';
import { projectFiles } from '../../../src/doors/http/serve/projectFiles.ts';
import { httpDoor } from '../../../src/doors/http/base/door.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { openRuntime } from '../../../src/runtime/runtime.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import type { RunDetail, StepView } from '../../../src/doors/http/contracts/runViews.ts';
import type * as z from 'zod';
import type { Doubles } from './doubles.ts';
import { nothingBegun, variablesFor, type Invocation, type Played, type PlayedStep } from './play.ts';

/** Invokes a workflow of a project as any client does, and asks for its run until it has ended. */
export async function playHttp(dir: string, { workflow, input, env }: Invocation, doubles: Doubles): Promise<Played> {
  doubles.clear();
  await using runtime = await openRuntime({ journal: memory(), env: {} });
  const clock = systemClock();
  const service = orchestratorService({
    runtime,
    files: projectFiles({ projectDir: dir, env: variablesFor(env, doubles), allow: ['localhost'], clock }),
    clock,
    peers: {},
    warn: () => {},
  });
  await using door = await httpDoor({ port: 0, routes: orchestratorRoutes(service) });
  const accepted = await fetch(`${door.url}/invoke/${workflow}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const said = await accepted.text();
  if (accepted.status !== 202) {
    const failure = accepted.status === 422 ? { failure: { message: said } } : {};
    return { http: accepted.status, ...failure, ...nothingBegun };
  }
  // The answers have the shapes of the contract, which its own tests check.
  const { run_id: id } = JSON.parse(said) as { run_id: string };
  await service.ended(id, AbortSignal.timeout(30_000));
  const shown = await fetch(`${door.url}/runs/${id}`);
  const { run, steps } = (await shown.json()) as z.infer<typeof RunDetail>;
  return {
    http: accepted.status,
    ...(run.status === 'complete' || run.status === 'failed' ? { status: run.status } : {}),
    ...(run.error === undefined ? {} : { failure: { message: run.error } }),
    steps: Object.fromEntries((steps ?? []).map((step) => [step.id, stepOf(step)])),
    models: [...doubles.models],
    hooks: [...doubles.hooks],
    tools: [...doubles.tools],
  };
}

const stepOf = ({ status, output, reason, code, error, metrics, notes, reflected }: StepView): PlayedStep => ({
  status,
  ...(output === undefined ? {} : { output }),
  ...(reason === undefined ? {} : { reason }),
  ...(code === undefined ? {} : { code }),
  ...(error === undefined ? {} : { failure: { message: error } }),
  metrics,
  ...(notes === undefined ? {} : { notes }),
  reflected,
});
