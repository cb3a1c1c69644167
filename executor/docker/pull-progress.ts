/** How much of a pull is still to come, from what the engine tells of its layers. Pure. */
import { z } from 'zod';

const layerLine = z.object({ id: z.string(), status: z.string(), progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional() });

export interface PullProgress {
  take(said: unknown): void;
  /** Bytes that the layers known so far will still take. */
  coming(): number;
}

/** A layer lies on the disk as it came until it is unpacked, so it counts twice; unpacked it is larger, by how much nobody tells. */
export function createPullProgress(): PullProgress {
  const layers = new Map<string, { size: number; coming: number }>();
  return {
    take(said) {
      const { data } = layerLine.safeParse(said);
      if (data === undefined) return;
      const { id, status, progressDetail } = data;
      const size = progressDetail?.total ?? layers.get(id)?.size ?? 0;
      const current = progressDetail?.current ?? 0;
      if (status === 'Downloading') layers.set(id, { size, coming: Math.max(0, size - current) + size });
      else if (status === 'Verifying Checksum' || status === 'Download complete') layers.set(id, { size, coming: size });
      // The engine has begun to write what it holds; `total` is still the size of the packed layer.
      else if (status === 'Extracting') layers.set(id, { size, coming: Math.max(0, size - current) });
      else if (status === 'Pull complete' || status === 'Already exists') layers.delete(id);
    },
    coming: () => [...layers.values()].reduce((sum, layer) => sum + layer.coming, 0),
  };
}
