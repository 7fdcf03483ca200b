/** The configuration of a journal's streams: which settings an operator may choose, and which would lose or change messages. */
import type { StreamConfig } from '@nats-io/jetstream';
import { TroupeError } from '../../../values/failure.ts';
import { presenceTtl } from '../store.ts';

/** The configuration as the server returns it: it leaves out what is not set. */
export type StreamSettings = Pick<StreamConfig, 'name' | 'retention' | 'storage' | 'discard' | 'max_age'> &
  Partial<StreamConfig>;

/** What a stream is for: messages that must stay, or announcements that must go. */
export type StreamPurpose = 'messages' | 'presence';

/** A setting that the journal cannot work with. */
interface Fault {
  readonly setting: string;
  readonly is: string;
  /** What it must be, and why. */
  readonly must: string;
}

/** Announcements last as long, in the nanoseconds of the server. */
export const presenceAge = presenceTtl * 1e6;

/**
 * Throws `environment` with all settings that differ, when the stream would lose messages or take none. Description, metadata, replicas, placement,
 * compression, republishing and limits of the whole stream that refuse new messages are the operator's.
 */
export function requireStreamConfig(config: StreamSettings, subjects: readonly string[], purpose: StreamPurpose): void {
  const faults = [
    ...faultsOfAny(config, subjects),
    ...(purpose === 'presence' ? presenceFaults : messageFaults)(config),
  ];
  if (faults.length === 0) return;
  const listed = faults.map(({ setting, is, must }) => `${setting} is ${is} and must be ${must}`).join('; ');
  throw new TroupeError(
    'environment',
    `The stream ${config.name} is there and cannot hold the shared journal: ${listed}. Change it back ("nats stream edit ${config.name}"), or use another tenant.`,
    { data: { stream: config.name, differs: faults.map(({ setting }) => setting) } },
  );
}

function faultsOfAny(config: StreamSettings, wanted: readonly string[]): Fault[] {
  const { subjects = [] } = config;
  const { retention, sealed, no_ack: isSilent, mirror, subject_transform: transform } = config;
  const checks: readonly (false | Fault)[] = [
    mirror !== undefined && { setting: 'mirror', is: mirror.name, must: 'absent, because a mirror takes no messages' },
    mirror === undefined &&
      !wanted.every((subject) => subjects.includes(subject)) && {
        setting: 'subjects',
        is: subjects.join(', ') || 'empty',
        must: wanted.join(', '),
      },
    retention !== 'limits' && { setting: 'retention', is: retention, must: `limits, ${messagesGo}` },
    sealed === true && { setting: 'sealed', is: 'true', must: 'false, because a sealed stream takes no messages' },
    isSilent === true && { setting: 'no_ack', is: 'true', must: 'false, because messages would not be acknowledged' },
    config.deny_purge === true && { setting: 'deny_purge', is: 'true', must: 'false, because what is over is deleted' },
    config.allow_msg_counter === true && {
      setting: 'allow_msg_counter',
      is: 'true',
      must: 'false, because such a stream takes counts only',
    },
    transform !== undefined && {
      setting: 'subject_transform',
      is: `${transform.src} to ${transform.dest}`,
      must: 'absent, because messages are read under their own subject',
    },
  ];
  return checks.filter((check) => check !== false);
}

const messagesGo = 'because messages would be deleted that are still needed';

function messageFaults(config: StreamSettings): Fault[] {
  const { storage, discard, max_age: maxAge, persist_mode: persistMode } = config;
  // A limit that discards old messages loses them; one that refuses new ones makes processes wait.
  const limits = (['max_msgs', 'max_bytes'] as const).filter((name) => (config[name] ?? -1) > 0);
  const checks: readonly (false | Fault)[] = [
    storage !== 'file' && { setting: 'storage', is: storage, must: 'file, because memory is empty after a restart' },
    maxAge > 0 && { setting: 'max_age', is: `${maxAge / 1e9} s`, must: `0, ${messagesGo}` },
    ...(discard === 'new' ? [] : limits).map((setting) => ({
      setting,
      is: `${config[setting]} with discard ${discard}`,
      must: `unlimited, or discard "new", ${messagesGo}`,
    })),
    // Where discard is "new", this limit still deletes the old messages of its subject, or takes no more of them at all.
    (config.max_msgs_per_subject ?? -1) > 0 && {
      setting: 'max_msgs_per_subject',
      is: String(config.max_msgs_per_subject),
      must: `unlimited, ${messagesGo}`,
    },
    persistMode === 'async' && {
      setting: 'persist_mode',
      is: 'async',
      must: 'default, because a server that is killed would lose messages that it had acknowledged',
    },
  ];
  return checks.filter((check) => check !== false);
}

function presenceFaults({ storage, max_age: maxAge }: StreamSettings): Fault[] {
  const checks: readonly (false | Fault)[] = [
    storage !== 'memory' && {
      setting: 'storage',
      is: storage,
      must: 'memory, because announcements of before a restart say nothing',
    },
    maxAge !== presenceAge && {
      setting: 'max_age',
      is: `${maxAge / 1e9} s`,
      must: `${presenceAge / 1e9} s, because processes announce themselves as often as that takes`,
    },
  ];
  return checks.filter((check) => check !== false);
}
