/** The members of a list by what `of` says of each, in their order: Map.groupBy, which Node 20 lacks. */
export function groupBy<K, T>(list: Iterable<T>, of: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const name = of(one);
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return groups;
}
