/** Writes to a map with a limited number of entries. */

/** Sets an entry and returns its value. If the map already has `most` entries, its oldest one is removed first. */
export function setBounded<K, V>(map: Map<K, V>, key: K, value: V, most: number): V {
  const [oldest] = map.size >= most ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
  return value;
}
