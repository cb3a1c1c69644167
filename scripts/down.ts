/** `npm run down [-- --keep-data]`: removes the local system; nothing else on the engine is touched. `--edge`, as for the start, changes nothing: a directory belongs to one host. */
import { parseArgs } from 'node:util';
import { removeSystem } from './local/removal.ts';
import { readSettings } from './local/settings.ts';
import { exitOnSetupError } from './setup/exit.ts';

const { values: flags } = parseArgs({ options: { 'keep-data': { type: 'boolean', default: false }, edge: { type: 'boolean' } } });

await exitOnSetupError(() => removeSystem(readSettings(process.env, 'embedded'), { keepData: flags['keep-data'], say: (line) => console.log(line) }));
