/** Reads a run out of a journal and makes a cassette of it, with secrets masked. A run that goes on is taken as far as it is. */
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import type { ActorRow, HistoryEntry, Journal } from '../../journal/journal.ts';
import { secretsOf } from '../../observe/secrets.ts';
import { outcomeOf } from '../../outcome.ts';
import type { Birth } from '../../system/birth.ts';
import type { SnapshotEnvelope } from '../../system/compatibility.ts';
import { format, type Cassette, type TapedEnd } from './format.ts';
import { cleaner, type Cleaner } from './masked.ts';

export interface ExportOptions {
  /** Where secrets come from: values of variables that are named like one are masked. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What else is masked, wherever it stands in a text of what went in and came out. */
  readonly redact?: readonly RegExp[];
}

const page = 1_000;

/**
 * A cassette of a run. Rejects with `unknown_recipient` when there is no such run.
 * @example writeFileSync('desk.json', textOf(await exportRun(runtime.journal, 'job-42')));
 */
export async function exportRun(
  journal: Pick<Journal, 'find' | 'history' | 'ledger'>,
  run: string,
  { env = process.env, redact = [] }: ExportOptions = {},
): Promise<Cassette> {
  const [root] = await journal.find({ run, parent: null, limit: 1 });
  if (!root)
    throw new TroupeError(
      'unknown_recipient',
      `There is no run "${run}" in this journal. "troupe runs list" shows those there are.`,
    );
  const masks = cleaner(secretsOf(env), redact);
  const clean = masks.json;
  const rows = (await journal.find({ run, limit: 100_000 })).sort(
    (a, b) => a.created - b.created || (a.actor < b.actor ? -1 : 1),
  );
  const actors = new Set(rows.map(({ actor }) => actor));
  const inside = (from: string | undefined) => from === undefined || actors.has(from);
  const birth = birthOf(root);
  const { name, args } = (birth.about ?? {}) as { name?: string; args?: Json };
  const end = endOf(root);
  const steps = await history(journal, run);
  const taped = {
    troupe: 'cassette' as const,
    format: format as typeof format,
    run,
    subject: {
      ...(name === undefined ? {} : { name }),
      type: root.type,
      ...(args === undefined ? {} : { args: clean(args) }),
    },
    started: root.created,
    ...(birth.deadline === undefined ? {} : { deadline: birth.deadline }),
    input: clean(birth.input),
    ...(end ? { end: clean(end as Json) as TapedEnd } : {}),
    actors: rows.map((row) => {
      const { machine, hash } = row.snapshot as unknown as SnapshotEnvelope;
      const { actor, type, parent, status, state } = row;
      return {
        actor,
        type,
        ...(parent === undefined ? {} : { parent }),
        machine,
        hash,
        input: clean(birthOf(row).input),
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
        ...(inside(from) ? {} : { body: clean(body) }),
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
      input: clean(input),
      outcome: clean(outcome as unknown as Json),
    })),
  };
  // Journals keep JSON with read-only lists; the schema says the same without the word.
  const cassette = taped as unknown as Cassette;
  requireDiscreet(cassette, masks);
  return cassette;
}

const birthOf = ({ meta }: ActorRow): Birth => meta as unknown as Birth;

/** What it cost is in its effects; how it ended is what is compared. */
export function endOf(root: ActorRow): TapedEnd | undefined {
  const outcome = outcomeOf(root);
  if (!outcome) return undefined;
  const { usage: _, ...end } = outcome;
  return end as TapedEnd;
}

async function history(journal: Pick<Journal, 'history'>, run: string): Promise<HistoryEntry[]> {
  const all: HistoryEntry[] = [];
  for (;;) {
    const after = all.at(-1)?.position;
    const entries = await journal.history({ run, limit: page, ...(after === undefined ? {} : { after }) });
    all.push(...entries);
    if (entries.length < page) return all;
  }
}

/** The names that hold a cassette together cannot be masked; a secret in one of them must not slip out with it. */
function requireDiscreet({ run, actors, steps }: Cassette, { text }: Cleaner): void {
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
