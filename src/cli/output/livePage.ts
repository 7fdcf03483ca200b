/** Serves the live page of a run on loopback, without the values of secrets. */
import { randomBytes } from 'node:crypto';
import type { Inspection } from '../../contracts/inspection.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import type { ActorRow, HistoryEntry } from '../../journal/journal.ts';
import { inspector, type Inspector } from '../../observe/inspector.ts';
import type { Runnable } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { writeMessage } from './write.ts';

/** Serves the page on `port`, or on a free one for `true`. The charts are those of `subject`; without it only those of the built-in machines. */
export async function livePage(cli: Cli, port: number | true, subject: Runnable | undefined): Promise<Inspector> {
  const { machineDefinitions } = await import('../../runtime/charts.ts');
  const page = await inspector({
    token: randomBytes(18).toString('base64url'),
    redact: cli.mask.redact,
    ...(subject ? { definition: await machineDefinitions(subject) } : {}),
    ...(port === true ? {} : { port }),
  });
  writeMessage(cli, `Watch it at ${page.url}`);
  return page;
}

interface StoredSnapshot {
  readonly machine?: string;
  readonly state?: { readonly value?: Json; readonly context?: Json };
}

/** The inspection event of an actor's latest commit, as the process that runs the actor reports it: from its row and its last history entry. */
export function latestCommitOf(row: ActorRow, { event }: Pick<HistoryEntry, 'event'>): Inspection {
  const { run, actor, parent, seq, updated: at, tags, status } = row;
  // The engine wraps every snapshot like this.
  const { machine = row.type, state = {} } = row.snapshot as JsonObject & StoredSnapshot;
  return {
    type: 'commit',
    at,
    run,
    actor,
    parent,
    machine,
    seq,
    event: { id: event.id, type: event.type, from: event.from, body: event.body },
    state: state.value ?? null,
    tags,
    context: state.context ?? null,
    status,
  };
}
