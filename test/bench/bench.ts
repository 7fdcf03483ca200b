/**
 * `npm run bench`: each row of the table beside its floor, with the goal. Only ratios can be compared between machines.
 * `-- --only turn` runs the rows whose name begins so; `--rounds 3`; `--json`; `--before DIR` measures another checkout in alternation with this one;
 * `--profile` says where the time of ours goes instead.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { buildOf, driver, thisBuild } from './build.ts';
import { measured, profileOf, type Entrant } from './processes.ts';
import { textOfProfile } from './profile.ts';
import { report, textOf, type Reported } from './report.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    before: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});

const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is a number from 1; it is ${values.rounds}.`);
const { only = [''] } = values;
/** A name that a row has, or the beginning of the names of several. */
const isChosen = ({ name }: Row) =>
  only.some((asked) => (rows.some((row) => row.name === asked) ? name === asked : name.startsWith(asked)));
const chosen = rows.filter(isChosen);
if (chosen.length === 0) throw new Error(`No row begins so. There are: ${rows.map(({ name }) => name).join(', ')}.`);

const here = thisBuild();
const before = values.before === undefined ? undefined : buildOf(values.before);
const print = (text: string) => (values.json ? undefined : console.log(text));

/** Who is measured: the floor and the peers once, ours from each build. */
const entrantsOf = ({ contestants }: Row): Entrant[] =>
  contestants.flatMap((contestant): Entrant[] => {
    const now = { name: contestant.name, contestant, build: here };
    return contestant.ours && before ? [{ ...now, name: `${now.name} (before)`, build: before }, now] : [now];
  });

print(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'an unknown processor'}; median, (lowest – highest), ratio to the floor`,
);
const all: Reported[] = [];

/** Measures a row, or profiles ours in it. */
async function show(row: Row): Promise<void> {
  const entrants = entrantsOf(row);
  const times = Math.min(rounds, row.rounds ?? rounds);
  if (values.profile) {
    for (const entrant of entrants.filter(({ contestant }) => contestant.ours)) {
      const profile = await profileOf(row, entrant, driver, times);
      if (profile) print(textOfProfile(entrant.name, profile));
    }
    return;
  }
  const reported = report(row, await measured(row, entrants, driver, times));
  for (const each of reported) print(textOf(each));
  all.push(...reported);
}

const broken: string[] = [];
for (const row of chosen) {
  print(`\n${row.name} · ${row.title}`);
  try {
    await show(row);
  } catch (error) {
    // The other rows are still worth having; the process says at its end that one failed.
    console.error(error);
    broken.push(row.name);
  }
}
const judged = all.flatMap(({ row, goals }) => goals.map((goal) => ({ row, ...goal })));
if (!values.profile) print(`\n${judged.filter(({ met }) => met).length} of ${judged.length} goals are met.`);
if (values.json) console.log(JSON.stringify({ node: process.version, rounds, rows: all }, undefined, 2));
if (broken.length > 0) console.error(`Not measured: ${broken.join(', ')}.`);
process.exit(broken.length > 0 ? 1 : 0);
