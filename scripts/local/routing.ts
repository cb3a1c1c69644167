/** Whether Dockup's own proxy answers on a port, and not another program that was there first. */

/** A request for an unknown host gets Dockup's own page, also where known ones are redirected to HTTPS. */
export async function isRouting(port: number): Promise<boolean> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) });
    return reply.status === 404 && (await reply.text()).includes('· Dockup</small>');
  } catch {
    return false;
  }
}
