/** Who hears what: subscriptions in a tree of topic tokens, so that publishing costs what the topic is long, however many subscribed. */
import { TroupeError } from '../contracts/failure.ts';

export interface Subscription<T> {
  readonly value: T;
  /** It was disposed after it matched. */
  gone: boolean;
}

export interface Topics<T> {
  /** `*` is one token, a trailing `>` all that follow (at least one). */
  add(pattern: string, value: T): Disposable;
  match(topic: string): Subscription<T>[];
  clear(): void;
}

interface Node<T> {
  readonly next: Map<string, Node<T>>;
  readonly here: Set<Subscription<T>>;
}
const node = <T>(): Node<T> => ({ next: new Map(), here: new Set() });

export function topics<T>(): Topics<T> {
  const root = node<T>();

  return {
    add(pattern, value) {
      const path = [root];
      const tokens = tokensOf(pattern, true);
      for (const token of tokens) {
        const at = path.at(-1)!;
        let next = at.next.get(token);
        if (!next) at.next.set(token, (next = node()));
        path.push(next);
      }
      const subscription = { value, gone: false };
      path.at(-1)!.here.add(subscription);
      return {
        [Symbol.dispose]() {
          if (subscription.gone) return;
          subscription.gone = true;
          path.at(-1)!.here.delete(subscription);
          prune(path, tokens);
        },
      };
    },

    match(topic) {
      const tokens = tokensOf(topic, false);
      const found: Subscription<T>[] = [];
      const walk = (at: Node<T>, i: number): void => {
        if (i === tokens.length) return void found.push(...at.here);
        found.push(...(at.next.get('>')?.here ?? []));
        for (const token of [tokens[i]!, '*']) {
          const next = at.next.get(token);
          if (next) walk(next, i + 1);
        }
      };
      walk(root, 0);
      return found;
    },

    clear() {
      root.next.clear();
    },
  };
}

/** Removes what nobody subscribes to any more, from the leaf up. */
function prune<T>(path: readonly Node<T>[], tokens: readonly string[]): void {
  for (let i = path.length - 1; i > 0; i--) {
    const { next, here } = path[i]!;
    if (next.size > 0 || here.size > 0) return;
    path[i - 1]!.next.delete(tokens[i - 1]!);
  }
}

/** The tokens of a topic, or of a pattern of topics. Throws `invalid`. */
export function tokensOf(topic: string, wild: boolean): string[] {
  const tokens = topic.split('.');
  const fits = tokens.every((token, i) =>
    token === '*' ? wild : token === '>' ? wild && i === tokens.length - 1 : token !== '' && !/[\s*>]/.test(token),
  );
  if (fits) return tokens;
  throw new TroupeError(
    'invalid',
    `A topic is tokens joined by dots${wild ? ', where a token may be "*" and the last one ">"' : ', without wildcards'}; got ${JSON.stringify(topic)}.`,
  );
}
