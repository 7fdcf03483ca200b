/** References to children. A machine steps with the reference alone: the engine runs the child. */
import type { AnyActorRef, AnyActorScope, AnyStateMachine } from 'xstate';
import { newSessionId } from './xstate.ts';

/** What a child is spawned with. */
export interface ChildOptions {
  readonly id?: string | undefined;
  readonly src: unknown;
  readonly input?: unknown;
  readonly systemId?: string | undefined;
  readonly syncSnapshot?: boolean | undefined;
}

/** Has the members of an actor of XState that a machine, an action or a saved snapshot may look at, and does nothing. */
export class ChildReference {
  readonly sessionId: string;
  readonly id: string;
  readonly src: unknown;
  readonly systemId: string | undefined;
  readonly options: ChildOptions & { readonly parent: AnyActorRef };
  readonly system: AnyActorScope['system'];
  readonly ref = this;
  /** XState saves it under this name. */
  readonly _syncSnapshot: boolean | undefined;
  /** Not started. */
  readonly _processingStatus = 0;
  readonly _parent: AnyActorRef;

  constructor(scope: AnyActorScope, options: ChildOptions) {
    const { id, src, systemId, syncSnapshot } = options;
    this.sessionId = newSessionId(scope);
    this.id = id ?? this.sessionId;
    this.src = src;
    this.systemId = systemId;
    this.options = { ...options, parent: scope.self };
    this.system = scope.system;
    this._syncSnapshot = syncSnapshot;
    this._parent = scope.self;
  }
  send(): void {}
  start(): this {
    return this;
  }
  subscribe(): { unsubscribe(): void } {
    return { unsubscribe() {} };
  }
  on(): { unsubscribe(): void } {
    return { unsubscribe() {} };
  }
  getSnapshot(): unknown {
    return { status: 'active', output: undefined, error: undefined };
  }
  getPersistedSnapshot(): unknown {
    return { status: 'active' };
  }
  toJSON(): unknown {
    return { xstate$$type: 1, id: this.id };
  }
}

const inline = /^xstate\.invoke\.(\d+)\.(.*)/;

/** Does the machine know the logic? XState names logic that is invoked inline by its place. */
export function knowsLogic(machine: AnyStateMachine, src: unknown): boolean {
  if (typeof src !== 'string') return Boolean(src);
  const match = inline.exec(src);
  if (!match) return Boolean(machine.implementations.actors[src]);
  const [, index = '', id = ''] = match;
  const invoked = [machine.getStateNodeById(id).config.invoke].flat()[Number(index)];
  return Boolean((invoked as { src?: unknown } | undefined)?.src);
}
