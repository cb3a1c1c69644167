/** For what must not be left out because a database or a hub is away for a moment: it is asked again. @throws what the last attempt does */
export async function persistently(work: () => Promise<void>): Promise<void> {
  for (const pause of [100, 500, 2_000]) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return work();
}
