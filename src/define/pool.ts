/** A plain function as a member of a team: it works on the items of the message that the team gives it, in one actor. */
import { poolEffect } from '../../actors/pool.ts';
import type { PoolWork } from '../../actors/poolPass.ts';
import { poolMachine } from '../../machines/pool.ts';
import { lightCopy } from '../core/lightCopy.ts';
import { AgentSignal } from '../contracts/agent.ts';
import type { Protocol } from '../contracts/protocol.ts';
import type { Compiled, Member } from './member.ts';

/** A pool of a plain function. Presets make it; it is not run by itself. */
export interface Pool extends Member {
  readonly kind: 'pool';
  /** What it does with a message. */
  readonly work: PoolWork;
  /** Compiles it. */
  compile(): Compiled;
}

/** Makes the member; `gives` is the name of its answer. */
export const pool = (
  name: string,
  work: PoolWork,
  {
    protocol,
    handles,
    gives,
  }: { readonly protocol: Protocol; readonly handles: readonly string[]; readonly gives: string },
): Pool => ({
  kind: 'pool',
  name,
  protocol,
  handles,
  gives,
  work,
  compile: () => ({
    machine: lightCopy(poolMachine, { actors: { work: poolEffect(work) } }),
    options: { signals: AgentSignal },
  }),
});
