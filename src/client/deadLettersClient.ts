/** Dead letters: listed, sent again once, and dropped, from any process (DL1, DL2). */
import type { DeadLetterInfo, DeadLettersClient } from '../contracts/client/deadLetters.ts';
import { markMessage, type DeadLetterMark } from '../contracts/deadLetterMark.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../values/clock.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import { Address } from '../values/ids.ts';
import { requireLimit } from './executionsPage.ts';
import { keptLetters, type KeptLetter } from './keptLetters.ts';

/** The page size by default, and the largest one. */
const [usual, most] = [100, 1_000];

/** What dead letters are read and marked with. */
export interface DeadLetterParts {
  readonly journal: Pick<Journal, 'find' | 'list' | 'mail' | 'post'>;
  readonly clock: Pick<Clock, 'now' | 'id'>;
  /** Who does it, where nobody is named. */
  readonly by: string;
}

/** The dead letters of a journal. */
export function deadLettersClient({ journal, clock, by: usualName }: DeadLetterParts): DeadLettersClient {
  async function find(id: string): Promise<KeptLetter> {
    const found = (await keptLetters(journal)).find(({ letter }) => letter.id === id);
    if (found) return found;
    throw new TroupeError(
      'unknown_recipient',
      `There is no dead letter "${id}" in this journal. "troupe dead list" shows those there are.`,
    );
  }

  /** Leaves a mark; rejects with `conflict` when another process was first. */
  async function settle(
    { letter, run }: KeptLetter,
    what: Omit<DeadLetterMark, 'letter' | 'at' | 'nonce'>,
  ): Promise<DeadLetterInfo> {
    const mark: DeadLetterMark = { ...what, letter: letter.id, at: clock.now(), nonce: clock.id() };
    let isRefused = false;
    try {
      await journal.post(markMessage(run, mark));
    } catch (thrown) {
      if (toFailure(thrown).kind !== 'conflict') throw thrown;
      isRefused = true;
    }
    // The one before may have gone from the inbox to the list meanwhile, where the inbox does not see it.
    const now = await find(letter.id);
    if (isRefused || now.mark?.nonce !== mark.nonce) throw settledError(now);
    return infoOf(now);
  }

  return {
    async list({ exec_id: run, all = false, limit = usual } = {}) {
      const size = requireLimit(limit, most);
      const found = await keptLetters(journal, run);
      return found
        .filter(({ mark }) => all || !mark)
        .slice(0, size)
        .map(infoOf);
    },

    get: async (id) => infoOf(await find(id)),

    async redrive(id, { by = usualName } = {}) {
      const found = await find(id);
      if (found.mark?.how === 'redriven') throw settledError(found);
      const { letter, run } = found;
      const { to, type, from, body, kind = 'tell' } = letter;
      if (!Address.safeParse(to).success)
        throw new TroupeError(
          'invalid',
          `The dead letter "${id}" was for "${to}", which is not an address, so it cannot be sent again. Drop it.`,
        );
      // Before the mark: after a crash between the two it is sent under the same id, so that it is taken once.
      const message = nextId(id);
      await journal.post({ id: message, type, body, from, to, run, kind });
      return settle(found, { how: 'redriven', by, message });
    },

    async drop(id, { by = usualName, reason } = {}) {
      const found = await find(id);
      if (found.mark) throw settledError(found);
      return settle(found, { how: 'dropped', by, ...(reason === undefined ? {} : { reason }) });
    },
  };
}

/** The id under which a letter is sent again: always the same one, and no longer each time that it dies again. */
function nextId(id: string): string {
  const [, first = id, times = '0'] = /^(.*)\/again-(\d{1,9})$/s.exec(id) ?? [];
  return `${first}/again-${Number(times) + 1}`;
}

function settledError({ letter, mark }: KeptLetter): TroupeError {
  const what = mark
    ? `${mark.how === 'redriven' ? 'sent again' : 'dropped'} by ${mark.by} at ${new Date(mark.at).toISOString()}${mark.message === undefined ? '' : `, as "${mark.message}"`}`
    : 'settled by another process';
  return new TroupeError('conflict', `The dead letter "${letter.id}" was ${what}. Nothing was done.`, {
    data: { letter_id: letter.id },
  });
}

function infoOf({ letter, run, keeper, mark }: KeptLetter): DeadLetterInfo {
  const { id, type, from, to, kind, body, at, failure } = letter;
  return {
    letter_id: id,
    exec_id: run,
    kept_by: keeper,
    type,
    from,
    to,
    ...(kind === undefined ? {} : { kind }),
    body,
    died_at: at,
    failure,
    ...(mark ? { settled: settledBy(mark) } : {}),
  };
}

const settledBy = ({ how, at, by, reason, message }: DeadLetterMark): NonNullable<DeadLetterInfo['settled']> => ({
  how,
  at,
  by,
  ...(reason === undefined ? {} : { reason }),
  ...(message === undefined ? {} : { message_id: message }),
});
