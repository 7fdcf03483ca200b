/** One process, mortal at one of its points: once dead, nothing more is heard of it, and nothing it asks for is answered. */
import { atPoints, type Parts, type Point } from './points.ts';

/** Where a process dies: at its so-many-th point, before that is done or after. */
export interface Death {
  readonly at: number;
  readonly when: 'before' | 'after';
}

export interface LifeOptions {
  /** It lives for ever without one. */
  readonly death: Death | undefined;
  /** Hears of every point when it is come to, in the order of their numbers, and when its work is done. */
  readonly reached: (point: Point) => void;
  readonly done: (point: Point) => void;
  /** Called once, at the moment of death. */
  readonly died: (how: Death) => void;
}

export class Life {
  readonly #options: LifeOptions;
  #count = 0;
  #dead = false;
  /** Resolves when it dies. */
  readonly death: Promise<true>;
  #end!: (dead: true) => void;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.death = new Promise((end) => (this.#end = end));
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** The parts as this process has them. */
  lend(parts: Parts): Parts {
    const { journal, transport } = atPoints(
      { journal: this.#mortal(parts.journal), transport: this.#mortal(parts.transport) },
      (point, work) => this.#pass(point, work),
    );
    return { journal: this.#mortal(journal), transport: this.#mortal(transport) };
  }

  async #pass<T>(point: Point, work: () => Promise<T>): Promise<T> {
    if (this.#dead) return never();
    const { death, reached, done } = this.#options;
    const mine = ++this.#count === death?.at ? death.when : undefined;
    reached(point);
    if (mine === 'before') return this.#die(death!);
    const answer = await this.#alive(work());
    done(point);
    return mine === 'after' ? this.#die(death!) : answer;
  }

  #die(how: Death): Promise<never> {
    this.#dead = true;
    this.#end(true);
    this.#options.died(how);
    return never();
  }

  #mortal<T extends object>(inner: T): T {
    return new Proxy(inner, {
      get: (target, name) => {
        const method = target[name as keyof T] as unknown;
        if (typeof method !== 'function') return method;
        return (...args: unknown[]): unknown => {
          // These two answer at once, and cannot be kept waiting.
          if (this.#dead) return name === 'listen' || name === 'settle' ? { [Symbol.dispose]() {} } : never();
          const answer: unknown = (method as (...args: unknown[]) => unknown).apply(target, args);
          return answer instanceof Promise ? this.#alive(answer) : answer;
        };
      },
    });
  }

  #alive<T>(answer: Promise<T>): Promise<T> {
    return answer.then(
      (value) => (this.#dead ? never() : value),
      (thrown: unknown) => {
        if (this.#dead) return never();
        throw thrown;
      },
    );
  }
}

const never = (): Promise<never> => new Promise(() => {});
