/** What the deploy engine knows of routing: the port that the HAProxy controller implements. */

/** One container that serves an app. `id` is the deployment's id, with `#n` for a further replica. */
export interface Target {
  id: string;
  /** Fixed IPv4 address in the project's network. */
  address: string;
  port: number;
}

export interface Route {
  app: string;
  /** Host names, lower case, without port. */
  hosts: string[];
  targets: Target[];
}

export interface Proxy {
  /**
   * Make the running proxy match the routes on disk: write its configuration, start it where its supervisor has not, and correct
   * what differs through the runtime socket. Idempotent; called at start, after the engine came back, and before a switch that fails.
   * @throws AppError proxy_unavailable
   */
  ensure(): Promise<void>;

  /**
   * Send all new requests for the route's hosts to its targets: saved to disk first, then the new slots `ready`, then the old ones `drain`,
   * then read back from the proxy. When it resolves, the running proxy has confirmed it. Reloads (seamlessly) only when the pool of backends or slots is used up.
   * @throws AppError proxy_unavailable, or invalid_value for a route that cannot be; the previous route then still stands, on disk and in the proxy
   */
  switchTo(route: Route): Promise<void>;

  /**
   * Wait until no request or connection of the app is left on a target outside its current route, `timeout` seconds at most, then cut
   * what is left and free the slots. Resolves with the number of connections that had to be cut. A GET that is cut before its answer began is
   * repeated at the current target. For a minute after a reload it may take the whole time: clients of the replaced worker still have a request there.
   */
  drain(app: string, timeout: number): Promise<{ cut: number }>;

  /** Take the app's hosts and targets away, at once. To let requests end first: `switchTo` no target, then `drain`. An unknown app is success. */
  remove(app: string): Promise<void>;

  /** The routes as saved on disk. */
  routes(): readonly Route[];
}
