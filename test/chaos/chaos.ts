/**
 * The long dose: `npm run chaos -- --minutes 10 [--seed 1] [--only zombies]`. Plays rounds until the time is over, or until SIGTERM, writes the results to
 * .troupe/chaos/, and exits 1 when a promise was broken or no round could be played, 2 on invalid arguments. A round whose server does not answer at its
 * beginning, as on a machine that is too busy, is named and not played.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { toFailure } from '../../src/values/failure.ts';
import compile from '../built.ts';
import { cutRound } from './cutRound.ts';
import { whyNoDisk } from './disk.ts';
import { playRound, plus } from './playRound.ts';
import { rounds } from './rounds.ts';
import { noCounts } from './chaosRound.ts';

const kinds = [...Object.keys(rounds), 'nodes', 'leaders', 'cuts'];
const { minutes, seed: first, only } = options();
// Only when it is not compiled yet: the tests start the compiled form of this file.
if (import.meta.filename.endsWith('.ts')) compile();
let until = Date.now() + minutes * 60_000;
process.once('SIGTERM', () => (until = 0));
const began = new Date();
const violations: { seed: number; kind: string; what: string; again: string }[] = [];
let counts = noCounts();
let cuts = { rounds: 0, acknowledged: 0, lost: 0, controlRounds: 0, controlLost: 0 };
let canMount = true;
let unplayed = 0;

for (let seed = first; Date.now() < until || seed === first; seed++) {
  const kind = only ?? kinds[seed % kinds.length]!;
  const again = `npm run chaos -- --minutes 0 --seed ${seed} --only ${kind}`;
  const report = (what: string) => {
    violations.push({ seed, kind, what, again });
    console.error(`VIOLATION in ${kind}, seed ${seed}: ${what}\n  again: ${again}`);
  };
  if (kind === 'cuts') {
    const reason = canMount ? whyNoDisk() : undefined;
    if (!canMount) continue;
    if (reason !== undefined) {
      canMount = false;
      console.error(`\n!!! NO POWER CUTS: ${reason} Everything else goes on.\n`);
      if (only) break;
      continue;
    }
    const cut = await cutRound(seed);
    cuts = {
      rounds: cuts.rounds + 1,
      acknowledged: cuts.acknowledged + cut.acknowledged,
      lost: cuts.lost + cut.lost,
      controlRounds: cuts.controlRounds + 1,
      controlLost: cuts.controlLost + cut.control.lost,
    };
    for (const what of cut.violations) report(what);
  } else {
    const round = await playRound(kind, seed).catch((thrown: unknown) => {
      const { kind: what, retryable, message } = toFailure(thrown);
      if (what !== 'environment' || !retryable) throw thrown;
      unplayed++;
      console.error(`NOT PLAYED: ${kind}, seed ${seed}: ${message}`);
    });
    if (!round) continue;
    counts = plus(counts, round.counts);
    for (const what of round.violations) report(what);
  }
}
// A control that never loses a commit shows that the power cut does not work.
if (cuts.controlRounds > 0 && cuts.controlLost === 0)
  violations.push({
    seed: first,
    kind: 'cuts',
    what: 'the control without fsync lost nothing: the power cut does not work',
    again: `npm run chaos -- --minutes 0 --seed ${first} --only cuts`,
  });

const folder = resolve('.troupe/chaos');
mkdirSync(folder, { recursive: true });
const file = join(folder, `${began.toISOString().replaceAll(':', '-')}.json`);
const result = {
  began,
  minutes,
  seed: first,
  node: process.version,
  ...counts,
  unplayed,
  cuts: canMount ? cuts : null,
  violations,
};
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify({ ...result, violations: violations.length }));
console.log(`Written to ${file}`);
process.exitCode = violations.length > 0 || (counts.rounds === 0 && unplayed > 0) ? 1 : 0;

function options(): { minutes: number; seed: number; only: string | undefined } {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  const wrong =
    !Number.isFinite(minutes) || minutes < 0
      ? `--minutes is a number, 0 or more; it is ${values.minutes}.`
      : !Number.isInteger(seed) || seed < 1 || seed > 2 ** 32 - 1
        ? `--seed is a whole number from 1 to ${2 ** 32 - 1}; it is ${values.seed}.`
        : values.only !== undefined && !kinds.includes(values.only)
          ? `--only is one of ${kinds.join(', ')}; it is ${values.only}.`
          : undefined;
  if (wrong === undefined) return { minutes, seed, only: values.only };
  console.error(wrong);
  process.exit(2);
}
