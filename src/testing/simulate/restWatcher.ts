/** Watches a run in one life of a process as `outcome` does, and says when the run came to rest, or left the process, without its watcher being told. */
import type { Host } from '../../engine/host.ts';

/** How a run stands in a process. */
interface Standing {
  readonly rests: boolean;
  readonly owns: boolean;
}

/** A watcher that looks only when it is told to, which is how everybody learns that a run waits for a person. */
export class RestWatcher {
  readonly #host: Host;
  readonly #run: string;
  #seen: Standing = { rests: true, owns: false };

  constructor(host: Host, run: string) {
    this.#host = host;
    this.#run = run;
    // It lives as long as the process.
    host.activity.watch(run, () => void (this.#seen = this.#now()));
  }

  /** What is wrong once everything has happened that needs no clock; undefined when nothing is. */
  check(): string | undefined {
    const { rests, owns } = this.#now();
    const seen = this.#seen;
    this.#seen = { rests, owns };
    if (rests && !seen.rests) return 'the run rests, and its watchers were not told';
    if (!owns && seen.owns) return 'the run is gone from its process, and its watchers were not told';
    if (rests && this.#host.actorsOf(this.#run).some((actor) => actor.hasRunningEffects))
      return 'the run is said to rest while an effect is running';
    return undefined;
  }

  #now(): Standing {
    return { rests: this.#host.isIdle(this.#run), owns: this.#host.owns(this.#run) };
  }
}
