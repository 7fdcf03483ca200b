/** Exports a run from a journal as a cassette, with secrets masked. A run that is still active is exported as far as it went. */
import { requireOptions } from '../../values/options.ts';
import { TroupeError } from '../../values/failure.ts';

import type { ActorRow, HistoryEntry, Journal } from '../../journal/journal.ts';
import { secretsInEnv } from '../../observe/envSecrets.ts';
import { outcomeOf } from '../../runtime/outcome.ts';
import type { SpawnInfo } from '../../core/spawn.ts';
import type { StoredSnapshot } from '../../core/snapshot.ts';
import { knownJson, jsonObject } from '../jsonValues.ts';
import { cassetteFormat, type Cassette, type RecordedEnd } from './format.ts';
import { masker, type Masker } from './masker.ts';

/** What is masked in a cassette. */
export interface ExportOptions {
  /** Environment variables: the values of those that are named like secrets are masked. `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Further secrets whose values are masked, such as those of a store; none by default. What runs of this process have read of a store is masked in any case. */
  readonly secrets?: readonly string[];
  /** Texts that are masked as well, anywhere in inputs and outputs; none by default. */
  readonly redact?: readonly RegExp[];
}

/** History entries read at once. */
const pageSize = 1_000;

/**
 * Makes a cassette of a run. Rejects with `unknown_recipient` when there is no such run, `invalid` when an address or id holds a secret.
 * @example writeFileSync('desk.json', cassetteText(await exportRun(runtime.journal, 'job-42')));
 */
export async function exportRun(
  journal: Pick<Journal, 'find' | 'history' | 'ledger'>,
  run: string,
  options: ExportOptions = {},
): Promise<Cassette> {
  requireOptions('exportRun', options, { env: true, secrets: true, redact: true });
  const { env = process.env, secrets = [], redact = [] } = options;
  const [root] = await journal.find({ run, parent: null, limit: 1 });
  if (!root)
    throw new TroupeError(
      'unknown_recipient',
      `There is no run "${run}" in this journal. "troupe runs list" shows those there are.`,
    );
  const masks = masker([...secretsInEnv(env), ...secrets], redact);
  // Masking changes texts and leaves the shape of a value as it is.
  const clean = <T>(value: T): T => masks.json(knownJson(value)) as T;
  const rows = (await journal.find({ run, limit: 100_000 })).sort(
    (a, b) => a.created - b.created || (a.actor < b.actor ? -1 : 1),
  );
  const actors = new Set(rows.map(({ actor }) => actor));
  const inside = (from: string | undefined) => from === undefined || actors.has(from);
  const spawnInfo = spawnInfoOf(root);
  const { name, args } = jsonObject(spawnInfo.about);
  const end = recordedEndOf(root);
  const steps = await history(journal, run);
  const cassette: Cassette = {
    troupe: 'cassette',
    format: cassetteFormat,
    run,
    subject: {
      ...(typeof name === 'string' ? { name } : {}),
      type: root.type,
      ...(args === undefined ? {} : { args: clean(knownJson(args)) }),
    },
    started: root.created,
    ...(spawnInfo.deadline === undefined ? {} : { deadline: spawnInfo.deadline }),
    input: clean(knownJson(spawnInfo.input)),
    ...(end ? { end: clean(end) } : {}),
    actors: rows.map((row) => {
      const { machine, hash } = storedSnapshotOf(row);
      const { actor, type, parent, status, state } = row;
      return {
        actor,
        type,
        ...(parent === undefined ? {} : { parent }),
        machine,
        hash,
        input: clean(knownJson(spawnInfoOf(row).input)),
        status,
        state,
      };
    }),
    steps: steps.map(({ actor, seq, at, event: { id, type, from, body }, state, status, opens }) => ({
      actor,
      seq,
      at,
      event: {
        id,
        type: inside(from) ? masks.text(type) : type,
        ...(from === undefined ? {} : { from }),
        ...(inside(from) ? {} : { body: clean(knownJson(body)) }),
      },
      state,
      status,
      opens: opens.map(({ key, kind, due }) => ({ key, kind, ...(due === undefined ? {} : { due }) })),
    })),
    ledger: (await journal.ledger(run)).map(({ key, actor, at, name: effect, input, outcome }) => ({
      key,
      actor,
      at,
      name: effect,
      input: clean(knownJson(input)),
      outcome: clean(outcome.ok ? { ok: true, output: knownJson(outcome.output) } : outcome),
    })),
  };

  requireNoSecretsInIds(cassette, masks);
  return cassette;
}

// The engine wrote both, and the journal types them as JSON.
const spawnInfoOf = ({ meta }: ActorRow): SpawnInfo => meta as unknown as SpawnInfo;
const storedSnapshotOf = ({ snapshot }: ActorRow): StoredSnapshot => snapshot as unknown as StoredSnapshot;

/** How a run ended, for comparison; without its usage, which is the sum of its effects. Undefined while it is active. */
export function recordedEndOf(root: ActorRow): RecordedEnd | undefined {
  const outcome = outcomeOf(root);
  if (!outcome) return undefined;
  const { usage: _, ...end } = outcome;
  return end as RecordedEnd;
}

async function history(journal: Pick<Journal, 'history'>, run: string): Promise<HistoryEntry[]> {
  const all: HistoryEntry[] = [];
  for (;;) {
    const after = all.at(-1)?.position;
    const entries = await journal.history({ run, limit: pageSize, ...(after === undefined ? {} : { after }) });
    all.push(...entries);
    if (entries.length < pageSize) return all;
  }
}

/** Addresses and ids cannot be masked, since they hold a cassette together: a secret in one of them is an error. */
function requireNoSecretsInIds({ run, actors, steps }: Cassette, { text }: Masker): void {
  const names = [
    run,
    ...actors.map(({ actor }) => actor),
    ...steps.flatMap(({ event: { id, from = '', type, body } }) => [id, from, ...(body === undefined ? [] : [type])]),
  ];
  const open = names.find((name) => text(name) !== name);
  if (open !== undefined)
    throw new TroupeError(
      'invalid',
      `The run ${text(run)} cannot be exported: "${text(open)}" is an address or an id, and holds what is to be masked. Start it under another key, or mask less.`,
    );
}
