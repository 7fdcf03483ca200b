/** The costs on a real nats-server: an ask, a durable step, a failover, and waiting actors. */
import { asks } from './nats/ask.ts';
import { durableCommits } from './nats/commits.ts';
import { failovers } from './nats/failover.ts';
import { passivatedActors } from './nats/passivation.ts';

export async function onNats(): Promise<void> {
  await asks();
  await durableCommits();
  await passivatedActors();
  await failovers();
}

if (process.argv[1]?.endsWith('nats.ts')) {
  await onNats();
  process.exit(0);
}
