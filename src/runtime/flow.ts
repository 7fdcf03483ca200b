/** Compiles a flow: its machine with its body, its children, and what its calls are done with. */
import { FlowBodies } from '../../actors/flow/body.ts';
import type { ChildInput, ChildPlace, FlowDeps } from '../../actors/flow/deps.ts';
import { flowActor, flowChildName } from '../../actors/flow/flow.ts';
import { FlowSignal } from '../contracts/flow/flow.ts';
import { WaitSignal } from '../contracts/wait.ts';
import type { StateMachine } from '../core/chart.ts';
import type { ActorTypeOptions } from '../core/actorType.ts';
import type { Compiled } from '../define/member.ts';
import { isRunnable, runInput, withParts, type Runnable } from '../define/runnable.ts';
import type { FlowChild } from '../flow/context.ts';
import type { Flow } from '../flow/flow.ts';
import { milliseconds } from '../values/duration.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { hasPaths, hasUnreadParts, readParts } from './inputParts.ts';

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
  used: FlowChild,
  input: unknown,
  { depth, settings, holder }: ChildPlace,
) {
  const subject = uses.find((each) => each === used);
  if (!subject)
    throw new TroupeError(
      'definition',
      `The flow "${flow.name}" runs "${used.name}", which is not in its \`uses\`: flow("${flow.name}", { uses: [${used.name}] }, …).`,
    );
  const child = { source: flowChildName(subject.name), kind: subject.kind };
  if (hasUnreadParts(subject, input)) {
    requireBytes(flow, subject, input);
    return {
      ...child,
      async inputAt(): Promise<ChildInput> {
        const { parts, artifacts, ...given } = await readParts(subject, input, holder);
        return { input: atDepth(withParts(runInput(subject, given.input), parts)), artifacts };
      },
    };
  }
  const given = runInput(subject, input);
  return {
    ...child,
    inputAt(path: string, keys: string | undefined): ChildInput {
      if (subject.kind === 'machine') return { input: given };
      const ofFlow = subject.kind === 'flow' ? { path, settings, ...(keys === undefined ? {} : { keys }) } : {};
      return { input: atDepth(given, ofFlow) };
    },
  };

  function atDepth(start: Json, more: JsonObject = {}): Json {
    return isJsonObject(start) ? { ...start, depth, ...more } : start;
  }
}

/** A body is run again from its top, perhaps on another machine: what a file holds is for a checkpoint to read. */
function requireBytes(flow: Flow, subject: Runnable, input: unknown): void {
  if (subject.kind === 'flow')
    throw new TroupeError(
      'unsupported',
      `The flow "${flow.name}" gives the flow "${subject.name}" images or files (\`parts\`), which a flow does not take. Save them in a checkpoint, and give the flow their name.`,
    );
  if (hasPaths(subject, input))
    throw new TroupeError(
      'invalid',
      `The flow "${flow.name}" gives "${subject.name}" a file by its path. Read it in a checkpoint, and give its bytes in \`data\`.`,
    );
}
