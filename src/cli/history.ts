/** `troupe runs tail` and `logs`: what happened in a run, line by line; the one goes on until the run ends. */
import { sleep } from '../contracts/clock.ts';
import type { HistoryEntry, Journal } from '../journal/journal.ts';
import type { Cli } from './cli.ts';
import { exit } from './exit.ts';
import { existing, type Shared } from './options.ts';
import { moment, writeJson } from './output.ts';
import { visible } from '../observe/words.ts';
import { outcomeOf } from '../outcome.ts';
import { aboutOf, rootOf } from './roots.ts';
import type { Inspector } from '../observe/inspector.ts';
import type { Observer } from '../contracts/inspection.ts';

/** How often the journal is looked at for news, in milliseconds; another process writes it. */
const pause = 300;
const page = 500;

export interface TailOptions extends Shared {
  /** A port, or `true` for a free one. */
  readonly inspect?: number | true;
}

export async function tail(cli: Cli, run: string, options: TailOptions): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  const news = reader(runtime.journal, run);
  await using page =
    options.inspect === undefined ? undefined : await pageOf(cli, runtime.journal, run, options.inspect);
  const show = page && shower(runtime.journal, page.observe);
  const stopping = new AbortController();
  using _ = cli.onInterrupt(() => stopping.abort());
  for (;;) {
    // Looked at before reading, so that the last lines of a run that just ended are read as well.
    const ended = outcomeOf(await rootOf(runtime.journal, run));
    const moved = new Map<string, HistoryEntry>();
    for await (const entry of news()) {
      print(cli, entry, options);
      moved.set(entry.actor, entry);
    }
    await show?.(moved);
    if (ended) return ended.status === 'done' ? exit.done : exit.failed;
    try {
      await sleep(cli.clock, pause, stopping.signal);
    } catch {
      return exit.done;
    }
  }
}

/** Draws by the definition that the run came from, where it can be loaded here. */
async function pageOf(cli: Cli, journal: Journal, run: string, port: number | true): Promise<Inspector> {
  const { file, args } = aboutOf(await rootOf(journal, run));
  const [{ livePage }, { load }] = await Promise.all([import('./page.ts'), import('./load.ts')]);
  const loaded = file === undefined ? undefined : await load(cli.cwd, file, args).catch(() => undefined);
  return livePage(cli, port, loaded?.subject);
}

/** Shows how actors stand that have moved, wherever they are: each once, and never older than it was. */
function shower(journal: Journal, observe: Observer): (moved: ReadonlyMap<string, HistoryEntry>) => Promise<void> {
  const shown = new Map<string, number>();
  return async (moved) => {
    const { seenFrom } = await import('./page.ts');
    for (const [actor, entry] of moved) {
      const [row] = await journal.find({ actor });
      if (!row || row.seq <= (shown.get(actor) ?? 0)) continue;
      shown.set(actor, row.seq);
      observe(seenFrom(row, entry));
    }
  };
}

export async function logs(cli: Cli, run: string, options: Shared): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  await rootOf(runtime.journal, run);
  const results = (await runtime.journal.ledger(run)).sort((a, b) => a.at - b.at);
  let told = 0;
  const tell = (until: number) => {
    for (; told < results.length && results[told]!.at <= until; told++) {
      const { at, actor, key, name, outcome } = results[told]!;
      if (options.json) writeJson(lines(cli), { type: 'result', at, actor, key, name, outcome });
      else
        cli.out.write(
          `${moment(at)}  ${actor}  ${name} ${outcome.ok ? 'answered' : `failed: ${visible(`${outcome.failure.kind}: ${outcome.failure.message}`)}`}\n`,
        );
    }
  };
  for await (const entry of reader(runtime.journal, run)()) {
    tell(entry.at);
    print(cli, entry, options);
  }
  tell(Infinity);
  return exit.done;
}

/** Reads on from where it stopped, however often it is called. */
export function reader(journal: Journal, run: string): () => AsyncGenerator<HistoryEntry> {
  let after: number | undefined;
  return async function* () {
    for (;;) {
      const entries = await journal.history({ run, limit: page, ...(after === undefined ? {} : { after }) });
      for (const entry of entries) {
        after = entry.position;
        yield entry;
      }
      if (entries.length < page) return;
    }
  };
}

function print(cli: Cli, entry: HistoryEntry, { json }: Shared): void {
  const { at, actor, seq, event, state, status, opens } = entry;
  if (json)
    return writeJson(lines(cli), {
      type: 'step',
      at,
      actor,
      seq,
      event: { id: event.id, type: event.type, from: event.from ?? null },
      state,
      status,
    });
  const begun = opens.flatMap(({ kind, data }) =>
    kind === 'effect' || kind === 'child' ? ((data as { src?: string } | null)?.src ?? []) : [],
  );
  const starts = begun.length > 0 ? `  starts ${begun.join(', ')}` : '';
  cli.out.write(
    `${moment(at)}  ${actor}  ${visible(event.type)} -> ${visible(state)}${status === 'active' ? '' : ` (${status})`}${starts}\n`,
  );
}

/** One record a line, on a terminal as well. */
const lines = ({ out }: Cli) => ({ write: (text: string) => out.write(text) });
