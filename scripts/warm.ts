/** Loads what API and executor consist of, so that Node keeps it compiled (`NODE_COMPILE_CACHE`). Run once after an installation. */
import '../worker/embedded/lean-imports.ts';

await Promise.all([import('../worker/embedded/host.ts'), import('../executor/executor.ts')]);
