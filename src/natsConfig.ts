/** Who may do what on a bus, from what files define: a server's configuration, and a key for each role. */
import { TroupeError } from './contracts/failure.ts';
import { writeConfig, type ConfigOptions, type Written } from './nats/config/write.ts';
import type { Subject } from './subject.ts';

export type NatsConfigOptions = Omit<ConfigOptions, 'doors'>;
export type { Written };

/** Rejects with `definition` when two of them have one name: whoever asks could not tell them apart. */
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
  const handles = (subject.handles ?? []) as readonly string[];
  return `${kind === 'guarded' ? 'guarded' : 'an agent'} that takes ${handles.length > 0 ? handles.join(', ') : 'a text'}`;
}
