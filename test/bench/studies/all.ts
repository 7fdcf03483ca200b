/** `npm run bench:studies`: what the table of the benchmark does not have, each measurement beside its floor. Only the ratios can be compared between machines. */
import { checks } from './check.ts';
import { longHistory, waiting } from './cluster.ts';
import { disk } from './disk.ts';
import { engine } from './engine.ts';
import { journal } from './journal.ts';
import { passivatedActors } from './passivation.ts';
import { routing } from './router.ts';
import { simulation } from './simulate.ts';
import { agentSteps } from './step.ts';

const studies = {
  engine,
  agentSteps,
  journal,
  disk,
  routing,
  simulation,
  checks,
  passivatedActors,
  waiting,
  longHistory,
};
const [only] = process.argv.slice(2);
for (const [name, study] of Object.entries(studies)) if (!only || name === only) await study();
process.exit(0);
