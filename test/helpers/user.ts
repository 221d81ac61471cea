/** Acting as somebody else, where the tests run as root, who may do everything. */

/** Does something as a user who is not root; as whoever runs the tests, where that is not root. */
export async function asUser<T>(uid: number, work: () => Promise<T> | T): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
