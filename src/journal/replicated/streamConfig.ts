/** The configuration of a journal's stream: which settings an operator may choose, and which would lose or change entries. */
import type { StreamConfig } from '@nats-io/jetstream';
import { TroupeError } from '../../values/failure.ts';

/** A setting that the journal cannot work with. */
interface Fault {
  readonly setting: string;
  readonly is: string;
  /** What it must be, and why. */
  readonly must: string;
}

/**
 * Throws `environment` with all settings that differ, when the log would lose entries or take none. Description, metadata, replicas, placement, compression,
 * republishing and limits that refuse new entries are the operator's.
 */
export function requireUsableStream(config: StreamConfig, subject: string): void {
  const faults = faultsOf(config, subject);
  if (faults.length === 0) return;
  const listed = faults.map(({ setting, is, must }) => `${setting} is ${is} and must be ${must}`).join('; ');
  throw new TroupeError(
    'environment',
    `The stream ${config.name} is there and cannot hold the shared journal: ${listed}. Change it back ("nats stream edit ${config.name}"), or use another tenant.`,
    { data: { stream: config.name, differs: faults.map(({ setting }) => setting) } },
  );
}

function faultsOf(config: StreamConfig, subject: string): Fault[] {
  // A stream that only has sources has no subjects, which its type does not say.
  const subjects = (config.subjects as readonly string[] | undefined) ?? [];
  const { storage, retention, discard, sealed, no_ack: isSilent, mirror } = config;
  const { subject_transform: transform, max_age: maxAge } = config;
  // A limit that discards old entries makes holes; one that refuses new ones makes processes wait.
  const limits = (['max_msgs', 'max_bytes', 'max_msgs_per_subject'] as const).filter(
    (name) => (config[name] ?? -1) > 0,
  );
  const discarding = discard === 'new' && !config.discard_new_per_subject ? [] : limits;
  const entriesGo = 'because entries would be deleted before every process has applied them';
  const checks: readonly (false | Fault)[] = [
    mirror !== undefined && { setting: 'mirror', is: mirror.name, must: 'absent, because a mirror takes no entries' },
    mirror === undefined &&
      !subjects.includes(subject) && { setting: 'subjects', is: subjects.join(', ') || 'empty', must: subject },
    storage !== 'file' && { setting: 'storage', is: storage, must: 'file, because memory is empty after a restart' },
    retention !== 'limits' && { setting: 'retention', is: retention, must: `limits, ${entriesGo}` },
    maxAge > 0 && { setting: 'max_age', is: `${maxAge / 1e9} s`, must: `0, ${entriesGo}` },
    ...discarding.map((setting) => ({
      setting,
      is: `${config[setting]} with discard ${discard}`,
      must: `unlimited, or discard "new", ${entriesGo}`,
    })),
    sealed && { setting: 'sealed', is: 'true', must: 'false, because a sealed stream takes no entries' },
    isSilent === true && { setting: 'no_ack', is: 'true', must: 'false, because entries would not be acknowledged' },
    transform !== undefined && {
      setting: 'subject_transform',
      is: `${transform.src} to ${transform.dest}`,
      must: 'absent, because entries are read under their own subject',
    },
  ];
  return checks.filter((check) => check !== false);
}
