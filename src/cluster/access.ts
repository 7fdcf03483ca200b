/** Access rights on a NATS server for definitions from files: the server's configuration, and a key for each role. */
import { memberDefinition } from '../define/anyMember.ts';
import { TroupeError } from '../values/failure.ts';
import { writeConfig, type WriteConfigOptions, type WrittenFile } from '../nats/config/write.ts';
import type { Runnable } from '../define/runnable.ts';

/** Options of the configuration; the definitions that can be invoked come from the files. */
export type NatsAccessOptions = Omit<WriteConfigOptions, 'inputs'>;
export type { WrittenFile };

/** Writes the configuration and the keys. Rejects with `definition` when two definitions have the same name. */
export async function natsAccess(runnables: readonly Runnable[], options: NatsAccessOptions): Promise<WrittenFile[]> {
  const names = runnables.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TroupeError(
      'definition',
      `Two of the files define "${twice}", and clients could not tell them apart. Give one of them another name.`,
    );
  const inputs = Object.fromEntries(runnables.map((runnable) => [runnable.name, describeInput(runnable)]));
  return writeConfig({ ...options, inputs: inputs });
}

function describeInput(runnable: Runnable): string {
  const { kind } = runnable;
  if (kind === 'team') return `a team that takes ${String(runnable.accepts)} and gives ${String(runnable.returns)}`;
  if (kind === 'orchestrator') return 'an orchestrator that takes tasks';
  if (kind === 'machine') return 'a machine that takes its input';
  if (kind === 'workflow') return 'a workflow that takes its parameters';
  if (kind === 'flow') return 'a flow that takes its input';
  const handles: readonly string[] = memberDefinition(runnable).handles ?? [];
  return `${kind === 'guarded' ? 'guarded' : 'an agent'} that takes ${handles.length > 0 ? handles.join(', ') : 'a text'}`;
}
