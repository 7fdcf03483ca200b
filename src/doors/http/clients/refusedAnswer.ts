/** An answer that is not what the contract gives: told by what the other side says, or by what to look at. */
import * as z from 'zod';
import { TroupeError, type FailureKind } from '../../../values/failure.ts';
import { cutText } from '../../../values/text.ts';
import type { ExchangeAnswer } from './exchange.ts';

/** The error for an answer. `who` begins a sentence: `The gateway`; `asked` is what was asked: `POST /invoke`. */
export function refusedAnswer(who: string, asked: string, answer: ExchangeAnswer): TroupeError {
  const { status, json, retryAfter, headers } = answer;
  const said = Said.safeParse(json).data ?? {};
  return new TroupeError(kindOf(status, said.retryable), `${who} answered ${status}${reasonOf(asked, answer, said)}`, {
    data: { status },
    retryAfter,
    ...(headers.has('location') ? { retryable: false } : {}),
  });
}

const sentence = z.string().min(1).optional().catch(undefined);

/** Words of problem details, of our contracts, and of other APIs. Each field is read on its own: one of another form says nothing, and the others are told. */
const Said = z.object({
  message: sentence,
  detail: z
    .union([z.string().min(1), z.array(z.object({ msg: sentence }).catch({})).transform(joinedDetail)])
    .optional()
    .catch(undefined),
  title: sentence,
  error: z
    .union([z.string().min(1), z.object({ message: sentence })])
    .optional()
    .catch(undefined),
  retryable: z.boolean().optional().catch(undefined),
});
type Said = z.infer<typeof Said>;

/** A list of what is wrong with each field of a request. */
function joinedDetail(list: readonly { readonly msg?: string | undefined }[]): string | undefined {
  return list.flatMap(({ msg }) => msg ?? []).join('; ') || undefined;
}

function reasonOf(asked: string, { status, json, text, headers }: ExchangeAnswer, said: Said): string {
  const { message, detail, title, error } = said;
  const [inError, word] = typeof error === 'object' ? [error.message] : [undefined, error];
  const words = message ?? inError ?? detail ?? title ?? word;
  const type = headers.get('content-type')?.split(';')[0]?.trim() ?? '';
  const to = headers.get('location');
  if (status >= 300 && status < 400 && to !== null)
    return `: it redirects to ${withoutQuery(to)}. Redirects are not followed: give the address that answers.`;
  if (status >= 400 && words) return `: ${cutText(words, 500).replace(/\.$/, '')}.`;
  if (status === 404 || status === 405) return ` to ${asked}: there is no such component. Check its address.`;
  if (status >= 400) return json === undefined && type === 'text/plain' ? `: ${cutText(text.trim(), 500)}.` : '.';
  return ` with a body that is not of its contract${type === '' ? '' : ` (${type})`}. Check its address.`;
}

/** What is behind a question mark may be a secret. */
const withoutQuery = (address: string): string => cutText(address.replace(/[?#].*$/s, ''), 200);

function kindOf(status: number, retryable: boolean | null | undefined): FailureKind {
  if (status === 401 || status === 403) return 'auth';
  if (status === 409) return 'conflict';
  if (status < 400) return 'format';
  return (retryable ?? (status >= 500 || status === 429 || status === 408)) ? 'transient' : 'invalid';
}
