/** Every actor with its state and its running effects: what `--verbose` shows. */
import type { Inspection } from '../contracts/inspection.ts';
import { actorViews, type ActorView } from './actorViews.ts';
import { escapeControls, shortenState } from './format.ts';
import { statusOf, usageText, usedText, type ProgressRows } from './progressRows.ts';

/** Rows of all actors, by their addresses. */
export function actorRows(): ProgressRows {
  const actors = actorViews();
  const written = new Map<string, string>();

  /** A line when the summary of an actor has changed. */
  function change(view: ActorView): string[] {
    const line = summary(view);
    if (written.get(view.actor) === line) return [];
    written.set(view.actor, line);
    return [line];
  }

  return {
    apply(event: Inspection) {
      const view = actors.apply(event);
      if (view && event.type === 'commit') return change(view);
      const ended = event.type === 'effect.failed' || event.type === 'restarted' || event.type === 'dead';
      return ended ? [`${event.actor}  ${event.type}: ${escapeControls(event.failure?.message ?? '')}`] : [];
    },
    nameOf: (actor) => actor,
    rows: () =>
      [...actors.views.values()].map((view) => ({
        status: view.status === 'active' && view.question !== undefined ? 'asking' : statusOf(view),
        text: summary(view),
        changed: view.lastChanged,
      })),
    used: () => usedText(actors.views),
  };
}

function summary({ actor, state, status, tags, runningEffects, usage, failure, question }: ActorView): string {
  const held = status === 'active' ? tags.filter((tag) => tag === 'paused' || tag === 'recovering').join(', ') : '';
  const where =
    status === 'failed'
      ? `failed: ${failure?.message ?? state}`
      : status === 'stopped'
        ? status
        : shortenState(state) || status;
  const what =
    status === 'active' && runningEffects.size > 0 ? `(${[...new Set(runningEffects.values())].join(', ')})` : '';
  const ask = status === 'active' && question !== undefined ? `waits for a person: ${question}` : '';
  return escapeControls([actor, ask || where, held, what, usage ? usageText(usage) : ''].filter(Boolean).join('  '));
}
