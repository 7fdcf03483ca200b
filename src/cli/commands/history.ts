/** `troupe runs tail` and `logs`: what happened in a run, line by line; `tail` goes on until the run ends. */
import { sleep } from '../../values/clock.ts';
import { propertiesOf } from '../../values/properties.ts';
import type { HistoryEntry, Journal } from '../../journal/journal.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { formatTime, writeJson } from '../output/write.ts';
import { escapeControls } from '../../observe/format.ts';
import { outcomeOf } from '../../runtime/outcome.ts';
import { runOriginOf, rootRowOf } from '../runRows.ts';
import { printRunLogs, wantsLines, type LogsCommandOptions } from './runLogs.ts';
import type { Inspector } from '../../observe/inspector.ts';
import type { Observer } from '../../contracts/inspection.ts';

/** Milliseconds between reads of the journal, which another process writes. */
const pollInterval = 300;
/** Entries of one read. */
const pageSize = 500;

/** The options of `troupe runs tail`. */
export interface TailCommandOptions extends CommonOptions {
  /** Serves the live page on this port, or on a free one for `true`; not served by default. */
  readonly inspect?: number | true;
}

/** Prints each step of a run as it happens, until the run ends. Resolves to exit code 1 when it did not succeed. */
export async function tailRun(cli: Cli, run: string, options: TailCommandOptions): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  if (options.inspect === undefined && (await rootRowOf(runtime.journal, run)).type === 'flow')
    return await printRunLogs(cli, run, { ...options, follow: true });
  const readNew = historyReader(runtime.journal, run);
  await using page = options.inspect === undefined ? undefined : await pageOf(cli, runtime.journal, run, options);
  const show = page && actorUpdates(runtime.journal, page.observe);
  const stopping = new AbortController();
  using _ = cli.onInterrupt(() => stopping.abort());
  for (;;) {
    // Read before the entries, so that the last lines of a run that has just ended are printed as well.
    const ended = outcomeOf(await rootRowOf(runtime.journal, run));
    const latest = new Map<string, HistoryEntry>();
    for await (const entry of readNew()) {
      print(cli, entry, options);
      latest.set(entry.actor, entry);
    }
    await show?.(latest);
    if (ended) return ended.status === 'done' ? exitCodes.done : exitCodes.failed;
    try {
      await sleep(cli.clock, pollInterval, stopping.signal);
    } catch {
      return exitCodes.interrupted;
    }
  }
}

/** The live page of a run. Its charts come from the definition that the run was started from, if that can be loaded here. */
async function pageOf(cli: Cli, journal: Journal, run: string, options: TailCommandOptions): Promise<Inspector> {
  const origin = runOriginOf(await rootRowOf(journal, run));
  const [{ livePage }, { definitionOfRun }] = await Promise.all([
    import('../output/livePage.ts'),
    import('../runDefinition.ts'),
  ]);
  const loaded = await definitionOfRun(cli, origin, options).catch(() => undefined);
  return livePage(cli, options.inspect ?? true, loaded?.subject);
}

/** Passes on the present state of actors that have new entries: each state once, and never an older one after a newer one. */
function actorUpdates(
  journal: Journal,
  observe: Observer,
): (latest: ReadonlyMap<string, HistoryEntry>) => Promise<void> {
  const shown = new Map<string, number>();
  return async (latest) => {
    const { latestCommitOf } = await import('../output/livePage.ts');
    for (const [actor, entry] of latest) {
      const [row] = await journal.find({ actor });
      if (!row || row.seq <= (shown.get(actor) ?? 0)) continue;
      shown.set(actor, row.seq);
      observe(latestCommitOf(row, entry));
    }
  };
}

/** Prints each step of a run with the results of its effects, in the order in which they happened. Of a flow, and where a part is asked for, the lines of its log. */
export async function printLogs(cli: Cli, run: string, options: LogsCommandOptions): Promise<number> {
  if (wantsLines(options)) return printRunLogs(cli, run, options);
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  if ((await rootRowOf(runtime.journal, run)).type === 'flow') return await printRunLogs(cli, run, options);
  const results = (await runtime.journal.ledger(run)).sort((a, b) => a.at - b.at);
  let printed = 0;
  const printResults = (until: number) => {
    for (const { at, actor, key, name, outcome } of results.slice(printed)) {
      if (at > until) return;
      printed++;
      if (options.json) writeJson(singleLine(cli), { type: 'result', at, actor, key, name, outcome });
      else
        cli.out.write(
          `${formatTime(at)}  ${actor}  ${name} ${outcome.ok ? 'answered' : `failed: ${escapeControls(`${outcome.failure.kind}: ${outcome.failure.message}`)}`}\n`,
        );
    }
  };
  for await (const entry of historyReader(runtime.journal, run)()) {
    printResults(entry.at);
    print(cli, entry, options);
  }
  printResults(Infinity);
  return exitCodes.done;
}

/** Reads the history of a run; each call continues where the one before stopped. */
export function historyReader(journal: Journal, run: string): () => AsyncGenerator<HistoryEntry> {
  let after: number | undefined;
  return async function* () {
    for (;;) {
      const entries = await journal.history({ run, limit: pageSize, ...(after === undefined ? {} : { after }) });
      for (const entry of entries) {
        after = entry.position;
        yield entry;
      }
      if (entries.length < pageSize) return;
    }
  };
}

function print(cli: Cli, entry: HistoryEntry, { json }: CommonOptions): void {
  const { at, actor, seq, event, state, status, opens } = entry;
  if (json)
    return writeJson(singleLine(cli), {
      type: 'step',
      at,
      actor,
      seq,
      event: { id: event.id, type: event.type, from: event.from ?? null },
      state,
      status,
    });
  const started = opens.flatMap(({ kind, data }) => {
    const { src } = propertiesOf(data);
    return (kind === 'effect' || kind === 'child') && typeof src === 'string' ? [src] : [];
  });
  const starts = started.length > 0 ? `  starts ${started.join(', ')}` : '';
  cli.out.write(
    `${formatTime(at)}  ${actor}  ${escapeControls(event.type)} -> ${escapeControls(state)}${status === 'active' ? '' : ` (${status})`}${starts}\n`,
  );
}

/** One record per line, also on a terminal. */
const singleLine = ({ out }: Cli) => ({ write: (text: string) => out.write(text) });
