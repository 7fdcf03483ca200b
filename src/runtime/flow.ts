/** Compiles a flow: its machine with its body, its children, and what its calls are done with. */
import { FlowBodies } from '../../actors/flow/body.ts';
import type { FlowDeps } from '../../actors/flow/deps.ts';
import { flowActor, flowChildName } from '../../actors/flow/flow.ts';
import { FlowSignal } from '../contracts/flow/flow.ts';
import type { StoredSettings } from '../contracts/flow/settings.ts';
import { WaitSignal } from '../contracts/wait.ts';
import type { StateMachine } from '../core/chart.ts';
import type { ActorTypeOptions } from '../core/actorType.ts';
import type { Compiled } from '../define/member.ts';
import { isRunnable, runInput, type Runnable } from '../define/runnable.ts';
import type { FlowChild } from '../flow/context.ts';
import type { Flow } from '../flow/flow.ts';
import { milliseconds } from '../values/duration.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject } from '../values/json.ts';
import { hasUnreadParts } from './inputParts.ts';

/** What flows are compiled with. */
export interface FlowCompileContext {
  /** What was opened is added here; the runtime closes it. */
  readonly opened: AsyncDisposable[];
  /** What their calls are done with; a call that needs what is missing is refused. */
  readonly flows?: Omit<FlowDeps, 'flow' | 'child'> | undefined;
}

/** Compiles flows. `compileChild` compiles what one runs as a child. `isTool`: it is called by an agent, and its result is for a model. */
export function flowCompiler(
  { opened, flows = {} }: FlowCompileContext,
  compileChild: (subject: Runnable) => Compiled,
): (flow: Flow, isTool?: boolean) => Compiled {
  const bodies = new FlowBodies();
  opened.push({
    async [Symbol.asyncDispose]() {
      bodies[Symbol.dispose]();
    },
  });

  /** `around`: the flows that are being compiled. One that runs itself would have no end. */
  function compileFlow(flow: Flow, around: readonly Flow[], isTool: boolean): Compiled {
    const uses = (flow.options.uses ?? []).map((child) => requireChild(flow, child));
    const double = uses.find((child, i) => uses.findIndex(({ name }) => name === child.name) !== i);
    if (double)
      throw new TroupeError(
        'definition',
        `The flow "${flow.name}" uses two children of the name "${double.name}". Rename one.`,
      );
    const compiled = uses.map((child): [string, Compiled] => {
      if (child.kind !== 'flow') return [flowChildName(child.name), compileChild(child)];
      if (around.includes(child))
        throw new TroupeError(
          'definition',
          `The flow "${child.name}" runs itself as a child, directly or through another flow. Use a loop.`,
        );
      return [flowChildName(child.name), compileFlow(child, [...around, child], false)];
    });
    const machines = Object.fromEntries(compiled.map(([name, { machine }]): [string, StateMachine] => [name, machine]));
    const options = Object.fromEntries(
      compiled.map(([name, child]): [string, ActorTypeOptions] => [name, child.options]),
    );
    const deps: FlowDeps = {
      ...flows,
      flow,
      isTool,
      child: (child, input, about) => started(flow, uses, child, input, about),
    };
    return {
      machine: flowActor(deps, bodies, machines),
      options: {
        signals: FlowSignal,
        endsByDeadline: true,
        ...(flow.options.deadline === undefined ? {} : { deadline: milliseconds(flow.options.deadline) }),
        children: { wait: { signals: WaitSignal }, ...options },
      },
    };
  }

  return (flow, isTool = false) => compileFlow(flow, [flow], isTool);
}

function requireChild(flow: Flow, child: FlowChild): Runnable {
  if (isRunnable(child)) return child;
  throw new TroupeError(
    'definition',
    `What the flow "${flow.name}" uses must be a flow, an agent, a team, an orchestrator, a machine or a workflow.`,
  );
}

/** What a child starts with. Throws `definition` for one that the flow does not name, `invalid` for input that does not fit. */
function started(
  flow: Flow,
  uses: readonly Runnable[],
  child: FlowChild,
  input: unknown,
  { depth, settings }: { readonly depth: number; readonly settings: StoredSettings },
) {
  const subject = uses.find((used) => used === child);
  if (!subject)
    throw new TroupeError(
      'definition',
      `The flow "${flow.name}" runs "${child.name}", which is not in its \`uses\`: flow("${flow.name}", { uses: [${child.name}] }, …).`,
    );
  if (hasUnreadParts(subject, input))
    throw new TroupeError(
      'unsupported',
      `The flow "${flow.name}" gives "${child.name}" images or files (\`parts\`), which are given to roots only. Start a run of its own with them, or say in words what the child is to know.`,
    );
  const given = runInput(subject, input);
  return {
    source: flowChildName(subject.name),
    kind: subject.kind,
    inputAt(path: string, keys: string | undefined) {
      if (!isJsonObject(given) || subject.kind === 'machine') return given;
      return {
        ...given,
        depth,
        ...(subject.kind === 'flow' ? { path, settings, ...(keys === undefined ? {} : { keys }) } : {}),
      };
    },
  };
}
