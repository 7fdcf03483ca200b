/** `troupe runs why`: for each actor, in plain words, where it is, what brought it there, what it waits for, and what would move it on. */
import { deadLetters, type DeadLetter } from '../contracts/deadLetter.ts';
import { endingOf, type Ending } from '../contracts/ending.ts';
import type { ActorRow, HistoryEntry, Journal, Pending } from '../journal/journal.ts';
import { durationWords, shortState, visible } from '../observe/words.ts';
import { outcomeOf } from '../outcome.ts';
import type { Ticket } from '../runtime.ts';
import type { Cli } from './cli.ts';
import { exit } from './exit.ts';
import { existing, type Shared } from './options.ts';
import { writeJson } from './output.ts';
import { policyWords, standings, type Standing } from './restarts.ts';
import { actorsOf, family } from './roots.ts';
import { howToAnswer } from './tickets.ts';

interface Reason {
  readonly actor: string;
  readonly status: string;
  readonly state: string;
  /** Since when it stands there; milliseconds since the epoch. */
  readonly since: number;
  readonly because: string;
  readonly waitsFor: readonly string[];
  /** Of one whose children were restarted: how near its limit it stands. */
  readonly supervision?: Standing;
  /** Of one that ended and did not succeed. */
  readonly ended?: {
    readonly how: Ending;
    readonly because: string;
    readonly phase?: string;
    readonly member?: string;
  };
}

export async function why(cli: Cli, run: string, options: Shared): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  const rows = await actorsOf(runtime.journal, run);
  const tickets = new Map((await runtime.tickets(run)).map((ticket) => [ticket.id, ticket]));
  const now = cli.clock.now();
  const on = options.db === undefined ? '' : ` --db ${options.db}`;

  const limits = await standings(runtime.journal, rows, now);
  const reasons: { reason: Reason; depth: number }[] = [];
  // While a run goes on, those who did their part in it explain nothing.
  const telling = rows[0].status === 'active' ? rows.filter(({ status }) => status !== 'done') : rows;
  for (const { row, depth } of family(telling)) {
    const waitsFor = row.status === 'active' ? await waits(runtime.journal, row, tickets, now, on) : [];
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

  const letters = await lastDead(runtime.journal, rows);
  if (options.json)
    writeJson(
      cli.out,
      reasons.map(({ reason }) => (reason.actor === rows[0].actor ? { ...reason, deadLetters: letters } : reason)),
    );
  else {
    for (const { reason, depth } of reasons) cli.out.write(`${words(reason, now, '  '.repeat(depth))}\n`);
    for (const letter of letters) cli.out.write(`${lossInWords(letter, now)}\n`);
  }
  const [root] = rows;
  if (!options.json && root.status === 'active' && now - root.updated > 5_000) {
    cli.out.write(`\nIf no process works on it any more, go on with: troupe runs resume ${run}${on}\n`);
  }
  return exit.done;
}

function words(
  { actor, status, state, since, because, waitsFor, supervision, ended }: Reason,
  now: number,
  indent: string,
): string {
  const where =
    status === 'active'
      ? `is in ${shortState(state)} for ${durationWords(now - since)}`
      : `${status === 'done' ? 'is done' : status === 'failed' ? 'failed' : 'was stopped'} (${shortState(state)}) since ${durationWords(now - since)}`;
  const waiting = status === 'active' && waitsFor.length === 0 ? ['It waits for a message.'] : waitsFor;
  return [
    `${indent}${actor} ${visible(where)}, ${because}.`,
    ...(supervision
      ? [`${indent}  Its children were restarted: ${supervision.counted} count now (${policyWords(supervision)}).`]
      : []),
    ...(ended ? [`${indent}  ${endWords(ended)}`] : []),
    ...waiting.flatMap((text) => text.split('\n')).map((text) => `${indent}  ${text}`),
  ].join('\n');
}

/** How an actor that ended without success came to it; undefined for the others. */
function endOf(row: ActorRow): Reason['ended'] {
  const outcome = outcomeOf(row);
  if (outcome?.status !== 'failed') return undefined;
  const { failure } = outcome;
  const { phase } = (row.snapshot as { state?: { output?: { phase?: string } } }).state?.output ?? {};
  const { member } = (failure.data ?? {}) as { member?: string };
  return {
    how: endingOf(failure),
    because: failure.message,
    ...(phase === undefined ? {} : { phase }),
    ...(member === undefined ? {} : { member }),
  };
}

const endWords = ({ how, because, phase, member }: NonNullable<Reason['ended']>): string =>
  visible(
    `${member === undefined ? 'How it ended' : `How its member "${member}" ended`}: ${how}${phase === undefined ? '' : `, in ${phase}`}. ${because}`,
  );

/** Of all actors of a run, the last messages that nobody took, oldest first. */
async function lastDead(journal: Journal, rows: readonly ActorRow[]): Promise<DeadLetter[]> {
  const kept = await Promise.all(rows.map(({ actor }) => journal.list(actor, deadLetters)));
  return (kept.flat() as unknown as DeadLetter[]).sort((a, b) => a.at - b.at).slice(-shown);
}

/** So many dead letters are told. */
const shown = 10;

const lossInWords = ({ type, from, to, at, failure }: DeadLetter, now: number): string =>
  visible(`Nobody took "${type}" from ${from} to ${to}, ${durationWords(now - at)} ago: ${failure.message}`);

/** By the last thing that moved it. */
function because(entry: HistoryEntry | undefined): string {
  if (!entry) return 'and nothing has moved it yet';
  const { type, from } = entry.event;
  const child = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type);
  if (child) return `since ${visible(child[2]!)} ${child[1] === 'done' ? 'answered' : 'failed'} (step ${entry.seq})`;
  const timer = /^xstate\.after\.([^.]+)/.exec(type);
  if (timer) return `since the time "${visible(timer[1]!)}" was up (step ${entry.seq})`;
  if (type === 'xstate.init') return `since it began${from === undefined ? '' : ` for ${from}`}`;
  return `since it got "${visible(type)}"${from === undefined ? '' : ` from ${from}`} (step ${entry.seq})`;
}

async function waits(
  journal: Journal,
  row: ActorRow,
  tickets: ReadonlyMap<string, Ticket>,
  now: number,
  on: string,
): Promise<string[]> {
  const ticket = tickets.get(row.actor);
  const held = row.tags.includes('paused') ? [`It is paused: troupe runs resume ${row.run}${on} goes on.`] : [];
  if (ticket) return [...held, `It asks a person: ${howToAnswer(ticket, on)}`];
  const stored = await journal.load(row.actor);
  return [
    ...held,
    ...(stored?.pending ?? []).map((pending) => inWords(pending, stored!.results.has(pending.key), now)),
  ];
}

function inWords({ kind, key, due, data }: Pending, answered: boolean, now: number): string {
  const { src, id, address, event, to, type } = (data ?? {}) as Record<string, unknown> & { event?: { type?: string } };
  switch (kind) {
    case 'effect':
      return answered
        ? `${text(src, 'An effect')} has answered; the answer is taken when the run goes on.`
        : `It waits for ${text(src, 'an effect')} to answer${id === undefined ? '' : ` (as "${text(id)}")`}; key ${key}.`;
    case 'child':
      return `It waits for ${text(address, 'a child')} to end.`;
    case 'timer': {
      const name = text(event?.type, 'A timer').replace(/^xstate\.after\.([^.]+).*$/, 'The time "$1"');
      return due === undefined || due <= now
        ? `${name} is up; it is taken when the run goes on.`
        : `${name} is up in ${durationWords(due - now)}.`;
    }
    case 'message':
  }
  return `Its message "${text(type, '?')}" to ${text(to, 'somebody')} is not delivered yet.`;
}

const text = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? visible(value) : otherwise);
