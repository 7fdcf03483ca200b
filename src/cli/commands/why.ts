/** `troupe runs why`: explains for each actor its state, the event that led there, and what it waits for. */
import { keptLetters } from '../../client/keptLetters.ts';
import type { DeadLetter } from '../../contracts/deadLetter.ts';
import { endingOf, type Ending } from '../../contracts/ending.ts';
import { propertiesOf } from '../../values/properties.ts';
import type { ActorRow, HistoryEntry, Journal, Pending } from '../../journal/journal.ts';
import { formatDuration, shortenState, escapeControls } from '../../observe/format.ts';
import { outcomeOf } from '../../runtime/outcome.ts';
import { keepsPause } from '../../runtime/paused.ts';
import { unsettledWrites } from '../../runtime/unsettled.ts';
import { journalOption } from '../output/shellWord.ts';
import { unsettledText } from '../output/unsettledText.ts';
import type { Ticket } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { writeJson } from '../output/write.ts';
import { formatRestartLimit, restartCounts, type RestartCount } from '../output/restartLimits.ts';
import { actorRowsOf, inTreeOrder } from '../runRows.ts';
import { formatTicket } from '../output/ticketText.ts';

interface Reason {
  readonly actor: string;
  readonly status: string;
  readonly state: string;
  /** When it took its last event; milliseconds since the epoch. */
  readonly since: number;
  readonly because: string;
  readonly waitsFor: readonly string[];
  /** Of an actor whose children were restarted: how many restarts count towards its limit. */
  readonly supervision?: RestartCount;
  /** Of an actor that ended without success. */
  readonly ended?: {
    readonly how: Ending;
    readonly because: string;
    readonly phase?: string;
    readonly member?: string;
  };
}

/** Prints the explanation of a run. */
export async function whyCommand(cli: Cli, run: string, options: CommonOptions): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const rows = await actorRowsOf(runtime.journal, run);
  const tickets = new Map((await runtime.tickets(run)).map((ticket) => [ticket.id, ticket]));
  const now = cli.clock.now();
  const on = journalOption(options);

  const limits = await restartCounts(runtime.journal, rows, now);
  const reasons: { reason: Reason; depth: number }[] = [];
  // While a run is active, actors that are done do not explain anything.
  const explained = rows[0].status === 'active' ? rows.filter(({ status }) => status !== 'done') : rows;
  for (const { row, depth } of inTreeOrder(explained)) {
    const waitsFor = row.status === 'active' ? await waitsOf(runtime.journal, row, tickets, now, on) : [];
    const { actor, status, state, updated } = row;
    const [last] = await runtime.journal.history({ actor, newest: true, limit: 1 });
    const supervision = status === 'active' ? limits.get(actor) : undefined;
    const end = endOf(row);
    reasons.push({
      depth,
      reason: {
        actor,
        status,
        state,
        since: updated,
        because: because(last),
        waitsFor,
        ...(supervision ? { supervision } : {}),
        ...(end ? { ended: end } : {}),
      },
    });
  }

  const letters = await latestDeadLetters(runtime.journal, run);
  const unsettled = rows[0].status === 'active' ? [] : await unsettledWrites(runtime.journal, run);
  if (options.json)
    writeJson(
      cli.out,
      reasons.map(({ reason }) =>
        reason.actor === rows[0].actor
          ? { ...reason, deadLetters: letters, ...(unsettled.length > 0 ? { unsettled } : {}) }
          : reason,
      ),
    );
  else {
    for (const { reason, depth } of reasons) cli.out.write(`${reasonText(reason, now, '  '.repeat(depth))}\n`);
    for (const write of unsettled) cli.out.write(`${unsettledText(write)}\n`);
    for (const letter of letters) cli.out.write(`${deadLetterText(letter, now)}\n`);
  }
  const [root] = rows;
  if (!options.json && root.status === 'active' && now - root.updated > 5_000) {
    cli.out.write(`\nIf no process works on it any more, go on with: troupe runs resume ${run}${on}\n`);
  }
  return exitCodes.done;
}

function reasonText(
  { actor, status, state, since, because, waitsFor, supervision, ended }: Reason,
  now: number,
  indent: string,
): string {
  const where =
    status === 'active'
      ? `is in ${shortenState(state)} for ${formatDuration(now - since)}`
      : `${status === 'done' ? 'is done' : status === 'failed' ? 'failed' : 'was stopped'} (${shortenState(state)}) since ${formatDuration(now - since)}`;
  const waiting = status === 'active' && waitsFor.length === 0 ? ['It waits for a message.'] : waitsFor;
  return [
    `${indent}${actor} ${escapeControls(where)}, ${because}.`,
    ...(supervision
      ? [
          `${indent}  Its children were restarted: ${supervision.counted} count now (${formatRestartLimit(supervision)}).`,
        ]
      : []),
    ...(ended ? [`${indent}  ${endedText(ended)}`] : []),
    ...waiting.flatMap((text) => text.split('\n')).map((text) => `${indent}  ${text}`),
  ].join('\n');
}

/** How an actor ended without success; undefined for any other actor. */
function endOf(row: ActorRow): Reason['ended'] {
  const outcome = outcomeOf(row);
  if (outcome?.status !== 'failed') return undefined;
  const { failure } = outcome;
  const { phase } = propertiesOf(propertiesOf(propertiesOf(row.snapshot)['state'])['output']);
  const { member } = propertiesOf(failure.data);
  return {
    how: endingOf(failure),
    because: failure.message,
    ...(typeof phase === 'string' ? { phase } : {}),
    ...(typeof member === 'string' ? { member } : {}),
  };
}

const endedText = ({ how, because, phase, member }: NonNullable<Reason['ended']>): string =>
  escapeControls(
    `${member === undefined ? 'How it ended' : `How its member "${member}" ended`}: ${how}${phase === undefined ? '' : `, in ${phase}`}. ${because}`,
  );

/** The latest dead letters of a run with which nothing was done, oldest first. */
async function latestDeadLetters(journal: Journal, run: string): Promise<DeadLetter[]> {
  const kept = await keptLetters(journal, run);
  return kept
    .filter(({ mark }) => !mark)
    .map(({ letter }) => letter)
    .sort((a, b) => a.at - b.at)
    .slice(-maxLetters);
}

/** How many dead letters are shown. */
const maxLetters = 10;

const deadLetterText = ({ type, from, to, at, failure }: DeadLetter, now: number): string =>
  escapeControls(`No actor took "${type}" from ${from} to ${to}, ${formatDuration(now - at)} ago: ${failure.message}`);

/** Why an actor is in its state, by the last event that it took. */
function because(entry: HistoryEntry | undefined): string {
  if (!entry) return 'and nothing has moved it yet';
  const { type, from } = entry.event;
  const [, ending, child] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type) ?? [];
  if (child !== undefined)
    return `since ${escapeControls(child)} ${ending === 'done' ? 'answered' : 'failed'} (step ${entry.seq})`;
  const [, timer] = /^xstate\.after\.([^.]+)/.exec(type) ?? [];
  if (timer !== undefined) return `since the time "${escapeControls(timer)}" was up (step ${entry.seq})`;
  if (type === 'xstate.init') return `since it began${from === undefined ? '' : ` for ${from}`}`;
  return `since it got "${escapeControls(type)}"${from === undefined ? '' : ` from ${from}`} (step ${entry.seq})`;
}

async function waitsOf(
  journal: Journal,
  row: ActorRow,
  tickets: ReadonlyMap<string, Ticket>,
  now: number,
  on: string,
): Promise<string[]> {
  const ticket = tickets.get(row.actor);
  const held = keepsPause(row) ? [`It is paused: troupe runs resume ${row.run}${on} goes on.`] : [];
  if (ticket) return [...held, `It asks a person: ${formatTicket(ticket, on)}`];
  const stored = await journal.load(row.actor);
  if (!stored) return held;
  const { pending, results } = stored;
  return [...held, ...pending.map((each) => pendingText(each, results.has(each.key), now))];
}

function pendingText({ kind, key, due, data }: Pending, answered: boolean, now: number): string {
  const { src, id, address, event, to, type } = propertiesOf(data);
  switch (kind) {
    case 'effect':
      return answered
        ? `${text(src, 'An effect')} has answered; the answer is taken when the run goes on.`
        : `It waits for ${text(src, 'an effect')} to answer${id === undefined ? '' : ` (as "${text(id)}")`}; key ${key}.`;
    case 'child':
      return `It waits for ${text(address, 'a child')} to end.`;
    case 'timer': {
      const name = text(propertiesOf(event)['type'], 'A timer').replace(/^xstate\.after\.([^.]+).*$/, 'The time "$1"');
      return due === undefined || due <= now
        ? `${name} is up; it is taken when the run goes on.`
        : `${name} is up in ${formatDuration(due - now)}.`;
    }
    case 'message':
  }
  return `Its message "${text(type, '?')}" to ${text(to, 'an actor')} is not delivered yet.`;
}

const text = (value: unknown, otherwise = ''): string =>
  typeof value === 'string' ? escapeControls(value) : otherwise;
