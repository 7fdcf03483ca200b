/** A module that is loaded when it is first needed. Where time is virtual it is given beforehand, because loading takes real time, in which virtual time would go on. */
export interface LazyModule<T> {
  /** The module, when it is loaded already. */
  readonly loaded: T | undefined;
  /** Begins to load it. A failure is told to whoever waits for it. */
  begin(): void;
  /** Waits until it is loaded. One that could not be loaded is tried again the next time. */
  load(): Promise<T>;
  /** Takes the module, so that nothing is loaded later. */
  use(module: T): void;
}

/** Loads a module once. @example const body = lazyModule(() => import('./flowRun.ts')); const { FlowRun } = body.loaded ?? (await body.load()); */
export function lazyModule<T>(importIt: () => Promise<T>): LazyModule<T> {
  let loaded: T | undefined;
  let loading: Promise<T> | undefined;
  const load = async (): Promise<T> => {
    loading ??= importIt();
    try {
      return (loaded ??= await loading);
    } catch (thrown) {
      loading = undefined;
      throw thrown;
    }
  };
  return {
    get loaded() {
      return loaded;
    },
    begin: () => void load().catch(() => {}),
    load,
    use: (module) => void (loaded = module),
  };
}
