/** What the handlers of calls work with. */
import type { DeployHost } from '../deploy/host.ts';
import type { Deployments } from '../deploy/deployments.ts';
import type { LoadedImages } from '../images/loaded-images.ts';
import type { Locks } from '../locks.ts';
import type { Observer } from '../observe/observer.ts';
import type { Transfers } from '../transfers.ts';
import type { Uploads } from '../uploads/uploads.ts';

export interface HandlerContext {
  host: DeployHost;
  deployments: Deployments;
  observer: Observer;
  transfers: Transfers;
  uploads: Uploads;
  loaded: LoadedImages;
  /** Held by app id while an image is loaded for it. */
  loads: Locks;
  /** Held by app id while its containers are being started, stopped or removed. */
  apps: Locks;
}
