/** Subscriptions in a tree of topic tokens: publishing costs as much as the topic is long, however many subscriptions there are. */
import { TroupeError } from '../values/failure.ts';

/** What `match` finds. */
export interface TopicSubscription<T> {
  readonly value: T;
  /** It was disposed, possibly after it matched. */
  gone: boolean;
}

/** A set of subscriptions, by pattern. */
export interface TopicTree<T> {
  /** Subscribes. In a pattern `*` matches one token, and a trailing `>` all that follow (at least one). Throws `invalid` for another form. */
  add(pattern: string, value: T): Disposable;
  /** The subscriptions whose pattern matches. Throws `invalid` for a topic with wildcards. */
  match(topic: string): TopicSubscription<T>[];
  /** Removes all. */
  clear(): void;
}

interface Node<T> {
  readonly next: Map<string, Node<T>>;
  /** Subscriptions whose pattern ends here. */
  readonly here: Set<TopicSubscription<T>>;
}

/** From one node to the next by a token. */
interface Step<T> {
  readonly from: Node<T>;
  readonly token: string;
  readonly to: Node<T>;
}

const node = <T>(): Node<T> => ({ next: new Map(), here: new Set() });

/** Makes an empty set. */
export function topicTree<T>(): TopicTree<T> {
  const root = node<T>();

  return {
    add(pattern, value) {
      const path: Step<T>[] = [];
      let end = root;
      for (const token of topicTokens(pattern, true)) {
        const to: Node<T> = end.next.get(token) ?? node();
        end.next.set(token, to);
        path.push({ from: end, token, to });
        end = to;
      }
      const { here } = end;
      const subscription = { value, gone: false };
      here.add(subscription);
      return {
        [Symbol.dispose]() {
          if (subscription.gone) return;
          subscription.gone = true;
          here.delete(subscription);
          prune(path);
        },
      };
    },

    match(topic) {
      const tokens = topicTokens(topic, false);
      const found: TopicSubscription<T>[] = [];
      const walk = (at: Node<T>, i: number): void => {
        const token = tokens[i];
        if (token === undefined) return void found.push(...at.here);
        found.push(...(at.next.get('>')?.here ?? []));
        for (const name of [token, '*']) {
          const next = at.next.get(name);
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

/** Removes the nodes that no subscription needs any more, from the leaf upwards. */
function prune<T>(path: readonly Step<T>[]): void {
  for (const { from, token, to } of path.toReversed()) {
    if (to.next.size > 0 || to.here.size > 0) return;
    from.next.delete(token);
  }
}

/** The tokens of a topic, or, with `wild`, of a pattern. Throws `invalid` for another form. */
export function topicTokens(topic: string, wild: boolean): string[] {
  const tokens = topic.split('.');
  const isValid = tokens.every((token, i) =>
    token === '*' ? wild : token === '>' ? wild && i === tokens.length - 1 : token !== '' && !/[\s*>]/.test(token),
  );
  if (isValid) return tokens;
  throw new TroupeError(
    'invalid',
    `A topic is tokens joined by dots${wild ? ', where a token may be "*" and the last one ">"' : ', without wildcards'}; got ${JSON.stringify(topic)}.`,
  );
}
