/** `npm run bench`: all measurements, each against its floor. Only the ratios can be compared between machines. */
import { agentTurns } from './agent.ts';
import { checks } from './check.ts';
import { disk } from './disk.ts';
import { engine } from './engine.ts';
import { fanOut } from './fanOut.ts';
import { journal } from './journal.ts';
import { onNats } from './nats.ts';
import { routing } from './router.ts';
import { simulation } from './simulate.ts';
import { starts } from './start.ts';

await agentTurns();
await engine();
await journal();
await disk();
await fanOut();
await routing();
await simulation();
await starts();
await checks();
await onNats();
process.exit(0);
