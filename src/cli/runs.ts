/** `troupe runs list` and `get`: which runs there are, and how one stands. */
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { ActorRow } from '../journal/journal.ts';
import { shortState } from '../observe/words.ts';
import type { Cli } from './cli.ts';
import { exit } from './exit.ts';
import { runtimeOptions, type Shared } from './options.ts';
import { ago, moment, say, writeJson, writeTable } from './output.ts';
import { aboutOf, actorsOf, family } from './roots.ts';
import { howToAnswer } from './tickets.ts';

export async function list(cli: Cli, options: Shared & { status?: ActorStatus; limit: number }): Promise<number> {
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const { status, limit } = options;
  const roots = await runtime.journal.find({ parent: null, limit, ...(status === undefined ? {} : { status }) });
  if (options.json) writeJson(cli.out, roots.map(briefly));
  else if (roots.length === 0) say(cli, 'No runs. Start one with: troupe run FILE');
  else {
    const now = cli.clock.now();
    writeTable(
      cli.out,
      ['RUN', 'NAME', 'STATUS', 'STATE', 'STARTED', 'MOVED'],
      roots.map((row) => [
        row.run,
        aboutOf(row).name ?? row.type,
        row.status,
        shortState(row.state),
        moment(row.created),
        ago(now, row.updated),
      ]),
    );
  }
  return exit.done;
}

export async function get(cli: Cli, run: string, options: Shared): Promise<number> {
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const rows = await actorsOf(runtime.journal, run);
  const [root] = rows;
  const tickets = (await runtime.tickets(run)).filter((ticket) => ticket.run === run);
  const output = outputOf(root);
  if (options.json) {
    writeJson(cli.out, {
      ...briefly(root),
      ...(output === undefined ? {} : { output }),
      actors: rows.map(briefly),
      tickets,
    });
    return exit.done;
  }
  const about = aboutOf(root);
  const facts = {
    run,
    name: about.name,
    file: about.file,
    status: root.status,
    state: shortState(root.state),
    started: moment(root.created),
    moved: moment(root.updated),
    steps: String(rows.reduce((sum, { seq }) => sum + seq, 0)),
  };
  for (const [name, value] of Object.entries(facts)) if (value) cli.out.write(`${name.padEnd(9)}${value}\n`);
  cli.out.write('\n');
  writeTable(
    cli.out,
    ['ACTOR', 'STATUS', 'STATE', 'MOVED'],
    family(rows).map(({ row, depth }) => [
      `${'  '.repeat(depth)}${row.actor}`,
      row.status,
      shortState(row.state),
      moment(row.updated),
    ]),
  );
  for (const ticket of tickets)
    cli.out.write(`\n${howToAnswer(ticket, options.db === undefined ? '' : ` --db ${options.db}`)}\n`);
  if (output !== undefined) cli.out.write(`\n${JSON.stringify(output, null, 2)}\n`);
  return exit.done;
}

const briefly = (row: ActorRow): JsonObject => {
  const { run, actor, type, parent, status, state, tags, created, updated, seq } = row;
  return {
    run,
    actor,
    type,
    parent: parent ?? null,
    status,
    state,
    tags,
    created,
    updated,
    seq,
    ...(parent === undefined ? { about: aboutOf(row) as JsonObject } : {}),
  };
};

/** What an ended actor gave: its machine's output, as its last snapshot holds it. */
function outputOf({ status, snapshot }: ActorRow): Json | undefined {
  if (status === 'active') return undefined;
  const { output, snapshot: inner } = (snapshot ?? {}) as { output?: Json; snapshot?: { output?: Json } };
  return output ?? inner?.output;
}
