/** The signals that cancel, pause and continue a run: each kind of run has events of its own. */
import type { ActorRow } from '../journal/journal.ts';
import { TroupeError } from '../values/failure.ts';
import type { JsonObject } from '../values/json.ts';
import { definitionKind } from './runFacts.ts';

/** What a run can be told. Only orchestrations take `reset` and `configure`. */
export type ControlCommand = 'cancel' | 'pause' | 'resume' | 'reset' | 'configure';

/** What the events of a kind of run begin with. */
const prefixes: Readonly<Record<string, string>> = {
  agent: 'agent',
  flow: 'run',
  guarded: 'work',
  orchestrator: 'orchestra',
  team: 'run',
  workflow: 'run',
};

/** The event that a command is for a run. Throws `unsupported` for a run that does not take the command. */
export function controlSignal(
  root: ActorRow,
  command: ControlCommand,
  more: JsonObject = {},
): { type: string } & JsonObject {
  const { run, type } = root;
  const kind = definitionKind(root);
  const isCommon = command !== 'reset' && command !== 'configure';
  const prefix = Object.hasOwn(prefixes, kind) ? prefixes[kind] : undefined;
  if (!isCommon && kind !== 'orchestrator')
    throw new TroupeError(
      'unsupported',
      `Orchestrations can be told to ${command}; the run ${run} is run by the machine "${type}".`,
    );
  if (prefix === undefined)
    throw new TroupeError(
      'unsupported',
      `Flows, teams, workflows, orchestrations and agents can be told to ${command}; the run ${run} is the machine "${type}", which takes its own events only.`,
    );
  return { ...more, type: `${prefix}.${command}` };
}
