/** Rows of the cluster at sizes that take too long for the table: very many waiting runs, and a long history. */
import compile, { built, root } from '../../built.ts';
import { natsServer } from '../../nats/server.ts';
import { opened, round } from '../contestant.ts';
import { modulesIn } from '../modules.ts';
import { report, textOf } from '../report.ts';
import type { Entrant } from '../processes.ts';
import type { Row, Sample } from '../row.ts';
import { coldStart } from '../rows/cluster/coldStart.ts';
import { waitingRuns } from '../rows/cluster/waiting.ts';

/** Ten thousand and a hundred thousand runs that wait. */
export async function waiting(): Promise<void> {
  for (const count of [10_000, 100_000]) await show(waitingRuns({ count, window: 60_000, settling: 15_000 }));
}

/** A new node beside the history of a long time. */
export async function longHistory(): Promise<void> {
  const histories = [
    { finished: 1_000, waiting: 100 },
    { finished: 10_000, waiting: 1_000 },
    { finished: 100_000, waiting: 10_000 },
  ];
  await show(coldStart(histories, 3_000));
}

async function show(row: Row): Promise<void> {
  compile();
  await using server = await natsServer(row.server);
  const shipped = built('src/index.ts');
  const given = { load: modulesIn(root, '.ts'), server: server.url, monitor: server.monitor, serverPid: server.pid };
  const nodeProcess = built('test/bench/cluster/nodeProcess.ts');
  const samples = new Map<Entrant, Sample[]>();
  for (const contestant of row.contestants) {
    await opened(contestant, { ...given, shipped, nodeProcess }, async (run) => {
      if (!run) return;
      const entrant = { name: contestant.name, contestant, build: { modules: root, shipped } };
      samples.set(entrant, [await round(row, run)]);
    });
  }
  console.log(`\n${row.name} · ${row.title}`);
  for (const reported of report(row, samples)) console.log(textOf(reported));
}
