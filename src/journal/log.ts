/** One order of entries for many writers: what a replicated journal stands on. */
export interface Log extends AsyncDisposable {
  /** Bytes that one entry may have. */
  readonly limit: number;
  /** Durable when it resolves. The same `id` twice is stored once, or at least played as often as it is stored. Rejects with `storage` when it may or may not be. */
  append(id: string, entry: Uint8Array): Promise<void>;
  /** Plays every entry, from the first on, in order, and goes on with those that come; resolves when all that there was has been played. */
  play(hear: (entry: Uint8Array) => void): Promise<AsyncDisposable>;
}
