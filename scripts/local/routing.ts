/** Whether Dockup's own proxy answers on a port, and not another program that was there first. */

/** A request without a known host gets Dockup's page for it, or, where everything is served over HTTPS, the way there. */
export async function isRouting(port: number): Promise<boolean> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual', signal: AbortSignal.timeout(2_000) });
    const page = await reply.text();
    return reply.status === 404 ? page.includes('· Dockup</small>') : reply.status === 301 || reply.status === 308;
  } catch {
    return false;
  }
}
