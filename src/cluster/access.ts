/** Access rights on a NATS server for definitions from files: the server's configuration, and a key for each role. */
import { memberDefinition } from '../define/anyMember.ts';
import { TroupeError } from '../values/failure.ts';
import { writeConfig, type ConfigOptions, type Written } from '../nats/config/write.ts';
import type { Subject } from '../define/runnable.ts';

/** Options of the configuration; the definitions that can be invoked come from the files. */
export type NatsConfigOptions = Omit<ConfigOptions, 'doors'>;
export type { Written };

/** Writes the configuration and the keys. Rejects with `definition` when two definitions have the same name. */
export async function natsConfig(subjects: readonly Subject[], options: NatsConfigOptions): Promise<Written[]> {
  const names = subjects.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TroupeError(
      'definition',
      `Two of the files define "${twice}", and who asks for it could not tell them apart. Give one another name.`,
    );
  const doors = Object.fromEntries(subjects.map((subject) => [subject.name, takes(subject)]));
  return writeConfig({ ...options, doors });
}

function takes(subject: Subject): string {
  const { kind } = subject;
  if (kind === 'team') return `a team that takes ${String(subject.accepts)} and gives ${String(subject.returns)}`;
  if (kind === 'orchestrator') return 'an orchestrator that takes tasks';
  if (kind === 'machine') return 'a machine that takes its input';
  const handles: readonly string[] = memberDefinition(subject).handles ?? [];
  return `${kind === 'guarded' ? 'guarded' : 'an agent'} that takes ${handles.length > 0 ? handles.join(', ') : 'a text'}`;
}
