/** Injects the faults of the plan into the processes, and undoes them when the time of faults is over. */
import type { SimulatedProcess } from './simulatedProcess.ts';
import type { SimulationContext } from './simulationContext.ts';

/** The plan decides what strikes; this does it to the processes. */
export class FaultInjector {
  readonly #context: SimulationContext;
  readonly #processes: readonly SimulatedProcess[];

  constructor(context: SimulationContext, processes: readonly SimulatedProcess[]) {
    this.#context = context;
    this.#processes = processes;
  }

  /** One step: each fault may strike each process, and the disk. */
  disturb(): void {
    const { time, plan, full } = this.#context;
    for (const process of this.#processes) {
      const { name, current } = process;
      if (current.dead) continue;
      if (plan.strikes('crash', name, 0.03)) this.#crash(process);
      else if (plan.strikes('zombie', name, 0.01)) this.#pause(process);
      if (plan.strikes('partition', name, 0.01)) process.partition(time.now() + plan.size('partition', 1, 30_000));
      if (plan.strikes('clock', name, 0.01)) current.clock.skew(plan.size('clock', -300_000, 300_000));
    }
    if (plan.strikes('full', 'the disk', 0.01)) full.until = time.now() + plan.size('full', 1, 30_000);
  }

  /** No fault strikes from now on, every process runs and reaches the journal. */
  end(): void {
    const { plan, full } = this.#context;
    plan.end();
    full.until = 0;
    for (const process of this.#processes) {
      process.partition(0);
      process.resume();
      restart(process);
    }
  }

  #crash(process: SimulatedProcess): void {
    process.crash();
    this.#later(this.#context.plan.size('crash', 1, 20_000), () => restart(process));
  }

  #pause(process: SimulatedProcess): void {
    process.pause();
    // It may have crashed and come back meanwhile: the life it has then is resumed.
    this.#later(this.#context.plan.size('zombie', 100, 60_000), () => process.resume());
  }

  #later(ms: number, call: () => void): void {
    const { time } = this.#context;
    time.wake(time.now() + ms, call);
  }
}

function restart(process: SimulatedProcess): void {
  if (!process.current.dead) return;
  process.restart();
  process.keepStarting();
}
