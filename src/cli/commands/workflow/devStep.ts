/** Runs one step of a workflow alone, and shows what it is given and what it gives. Nothing is stored. */
import type { StepDefinition, WorkflowDefinition } from '../../../contracts/workflow/definition.ts';
import { stepAlone, type RecordedRun } from '../../../runtime/workflowStep.ts';
import { toFailure } from '../../../values/failure.ts';
import type { Json } from '../../../values/json.ts';
import type { WorkflowProject } from '../../../workflow/files/project/project.ts';
import type { Cli } from '../../cli.ts';
import { writeMessage } from '../../output/write.ts';
import { promptForTicket } from '../../prompt.ts';

/** Runs the step; webhooks are sent only with `send`. False when it failed, or waits for a person who cannot be asked here. */
export async function runStepAlone(
  cli: Cli,
  definition: WorkflowDefinition,
  project: WorkflowProject,
  id: string,
  recorded: RecordedRun,
  { send, signal }: { readonly send: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  const { workflow, step, rendered } = stepAlone(definition, project, id, recorded);
  const failed = (message: string) => {
    cli.out.write(`${definition.file}:${step.line}:1: the step "${id}" failed: ${message}\n`);
    return false;
  };
  let given: Json;
  try {
    given = rendered();
  } catch (thrown) {
    return failed(toFailure(thrown).message);
  }
  show(cli, `Step ${id} (${step.kind}) is given`, given);
  writeMessage(cli, effectsOf(step, send));
  if (step.kind === 'webhook' && !send) return true;
  await using runtime = await cli.open({ db: 'memory', env: cli.env });
  const run = await runtime.start(workflow({ send }), {});
  using _ = onAbort(signal, () => void run.park(0));
  for (;;) {
    const outcome = await run.outcome({ returnWhenWaiting: true });
    switch (outcome.status) {
      case 'done':
        show(cli, `Step ${id} gives`, outcome.output);
        return true;
      case 'failed':
        return failed(outcome.failure.message);
      case 'cancelled':
        return failed(`it was cancelled: ${outcome.reason}`);
      case 'parked':
        return false;
      case 'waiting':
        if (!cli.isInteractive) {
          for (const { question } of outcome.tickets) writeMessage(cli, `The step waits for a person: ${question}`);
          return failed('it waits for a person, who can be asked on a terminal only.');
        }
        for (const ticket of outcome.tickets) await promptForTicket(cli, runtime, ticket, signal);
    }
  }
}

/** What running the step does outside. */
function effectsOf(step: StepDefinition, send: boolean): string {
  switch (step.kind) {
    case 'webhook':
      return send ? `The webhook of the step "${step.id}" is sent.` : 'It is not sent. Add --send to send it.';
    case 'agent': {
      const servers = step.agent.servers.filter(({ allow }) => allow.length > 0).map(({ name }) => name);
      const called = servers.length === 0 ? '' : `, and may really call the tools of ${servers.join(', ')}`;
      return `The step "${step.id}" really asks its model${called}.`;
    }
    case 'workflow':
      return `The step "${step.id}" really runs the steps of its workflow; their webhooks are ${send ? '' : 'not '}sent${send ? '' : ' without --send'}.`;
    default:
      return `The step "${step.id}" sends nothing.`;
  }
}

function onAbort(signal: AbortSignal, call: () => void): Disposable {
  signal.addEventListener('abort', call);
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', call) };
}

const show = ({ out }: Cli, title: string, value: Json): void =>
  void out.write(`--- ${title}:\n${JSON.stringify(value, null, 2)}\n`);
