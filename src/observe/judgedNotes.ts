/**
 * Holds back notes of progress that were made behind guardrails, and shows them when the guardrails have let the work through. A note goes up from guardrail
 * to guardrail, as the result of its work does. What was rejected, or never judged, is not shown; nothing of it is stored.
 */
import { HeldNote, JudgedNote, unjudgedReason } from '../contracts/heldNote.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import { setBounded } from './boundedMap.ts';
import { workTree, type WorkTree } from './workTree.ts';

/** The most characters that are held of one run: what comes after them is not shown. */
const maxCharacters = 4_000_000;
/** The most runs with guardrails that are followed at once. */
const maxRuns = 10_000;

type Commit = Extract<Inspection, { type: 'commit' }>;
type EffectEvent = Extract<Inspection, { readonly again: boolean }>;
type Progress = Extract<Inspection, { type: 'progress' }>;

/** A note on its way up. */
interface Held {
  readonly event: Progress;
  /** For each guardrail above `at`, the nearest first: whether the note waits for it. */
  holders: readonly boolean[];
  /** The actor that made it, and then the guardrail that let it through last. */
  at: Address;
  /** The work that it was let through with. */
  work: string | undefined;
  /** It may belong to work that was not let through. */
  doubtful: boolean;
}

interface GuardedRun {
  readonly tree: WorkTree;
  /** What the checks of guardrails said about work that has not left them, by guardrail and work. */
  readonly verdicts: Map<Address, Map<string, boolean>>;
  held: Held[];
  characters: number;
}

/** An observer that passes everything on, held notes once they may be shown. */
export function judgedNotes(show: Observer): Observer {
  const runs = new Map<string, GuardedRun>();
  const followed = (run: string): GuardedRun =>
    runs.get(run) ?? setBounded(runs, run, { tree: workTree(), verdicts: new Map(), held: [], characters: 0 }, maxRuns);

  function hold(event: Progress, { holders, note }: HeldNote): void {
    const run = followed(event.run);
    const before = run.characters;
    run.characters += JSON.stringify(note).length;
    const inner = { ...event, note };
    if (run.characters <= maxCharacters)
      run.held.push({ event: inner, holders, at: event.actor, work: undefined, doubtful: false });
    else if (before <= maxCharacters) show({ ...event, note: { type: 'warning', message: tooMuch } satisfies Json });
  }

  function judge(event: Progress, { work, ok }: JudgedNote): void {
    const { verdicts } = followed(event.run);
    const known = verdicts.get(event.actor) ?? new Map<string, boolean>();
    verdicts.set(event.actor, known.set(work, ok));
  }

  /** A guardrail has taken a step: the notes of work that has left it go on, or are dropped. */
  function letThrough(run: GuardedRun, commit: Commit): void {
    const verdicts = run.verdicts.get(commit.actor) ?? new Map<string, boolean>();
    for (const { slot, id, last } of run.tree.gone(commit, [...verdicts.keys()])) {
      const ok = verdicts.get(id ?? '') === true;
      verdicts.delete(id ?? '');
      const kept: Held[] = [];
      for (const note of run.held) {
        const belongs = run.tree.belongs(note, commit.actor, { slot, id });
        if (belongs === 'no') kept.push(note);
        else if (belongs === 'below') continue;
        else if (note.holders[0] === true && !ok) {
          if (belongs === 'yes' || last) continue;
          note.doubtful = true;
          kept.push(note);
        } else if (belongs === 'perhaps' && !last) kept.push(note);
        else if (!note.doubtful) goUp(note, commit.actor, id, kept);
      }
      run.held = kept;
    }
    if (run.held.length === 0) run.characters = 0;
  }

  function goUp(note: Held, guardrail: Address, id: string | undefined, kept: Held[]): void {
    note.holders = note.holders.slice(1);
    if (!note.holders.includes(true)) return show(note.event);
    note.at = guardrail;
    note.work = id;
    kept.push(note);
  }

  function ofCommit(commit: Commit): void {
    const run = commit.machine === 'guardrail' ? followed(commit.run) : runs.get(commit.run);
    if (run) {
      if (commit.machine === 'guardrail') letThrough(run, commit);
      run.tree.learn(commit);
      if (run.held.length === 0) run.tree.forgetEnded();
      if (commit.parent === undefined && commit.status !== 'active') runs.delete(commit.run);
    }
    show(commit);
  }

  /** A call that broke off has said nothing. What a tool failed with is as little judged as what it was called with. */
  function ofEnd(event: EffectEvent): void {
    const run = runs.get(event.run);
    if (!run?.held.some((note) => note.event.key === event.key)) return show(event);
    run.held = run.held.filter(({ event: { key, note } }) => key !== event.key || !isSpeech(note));
    const { failure } = event;
    if (!failure) return show(event);
    show({ ...event, failure: { kind: failure.kind, retryable: failure.retryable, message: unjudgedReason } });
  }

  return (event) => {
    if (event.type === 'commit') return ofCommit(event);
    if (event.type === 'effect.failed' || event.type === 'effect.stopped') return ofEnd(event);
    if (event.type !== 'progress') return show(event);
    const { type } = propertiesOf(event.note);
    const held = type === 'troupe.held' ? HeldNote.safeParse(event.note).data : undefined;
    if (held) return hold(event, held);
    const judged = type === 'troupe.judged' ? JudgedNote.safeParse(event.note).data : undefined;
    return judged ? judge(event, judged) : show(event);
  };
}

const isSpeech = (note: Json): boolean => {
  const { type } = propertiesOf(note);
  return type === 'text' || type === 'reasoning' || type === 'call';
};

const tooMuch = `More than ${maxCharacters} characters wait for the judgement of guardrails. What is said from here on is not shown. Show it while it is said with the option holdBack of the guardrail.`;
