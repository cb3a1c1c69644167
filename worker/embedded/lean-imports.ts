/**
 * Makes Node read drizzle's files without asking drizzle's package.json what kind each of them is. Node parses that file again for every module, and it is
 * 179 KB of export map: 150 MB of garbage and a quarter of a second at each start (Node 24.21, `package_json_reader`). A relative import inside the package is
 * always one of its ES modules.
 */
import { registerHooks } from 'node:module';

const inside = '/node_modules/drizzle-orm/';

registerHooks({
  resolve: (specifier, context, next) => {
    const isOwn = specifier.startsWith('.') && context.parentURL?.includes(inside) === true;
    return isOwn ? { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true } : next(specifier, context);
  },
});
