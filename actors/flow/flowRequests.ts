/** What a body asks its machine for, until that is opened: a turn whose output nobody has taken, because something arrived meanwhile, has opened nothing. */
import type { FlowRequest } from '../../machines/flow/effectTypes.ts';

/** The requests of one body. */
export class FlowRequests {
  /** Those that are to be sent, by the call. Undefined until something is asked for, as `#sent` is. */
  #unsent: Map<string, FlowRequest> | undefined;
  /** Those that were sent with the output of a turn. */
  #sent: Map<string, { readonly turn: number; readonly request: FlowRequest }> | undefined;

  /** How many are to be sent. */
  get size(): number {
    return this.#unsent?.size ?? 0;
  }

  add(request: FlowRequest): void {
    (this.#unsent ??= new Map()).set(request.call, request);
  }

  /** What was asked for has ended. */
  ended(call: string): void {
    this.#unsent?.delete(call);
    this.#sent?.delete(call);
  }

  /** Takes those that are to be sent with the output of this turn. */
  send(turn: number): readonly FlowRequest[] {
    if (!this.#unsent) return [];
    const requests = [...this.#unsent.values()];
    this.#unsent.clear();
    for (const request of requests) (this.#sent ??= new Map()).set(request.call, { turn, request });
    return requests;
  }

  /** The machine has opened what turns up to this one asked for. What was sent since is sent again. */
  followed(last: number): void {
    for (const { turn, request } of this.#sent?.values() ?? []) if (turn > last) this.add(request);
    this.#sent?.clear();
  }

  clear(): void {
    this.#unsent?.clear();
    this.#sent?.clear();
  }
}
