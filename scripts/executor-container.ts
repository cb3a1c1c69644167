/**
 * The executor of docker-compose.yml: enrols itself with the API key that the first start left in a shared volume, so that no token has
 * to be copied by hand, and then is the executor.
 */
import { readConfig } from '../executor/config.ts';
import { createClient, readCredentialsFile } from './local/client.ts';
import { enrolmentToken } from './local/enrolment.ts';
import { exitOnSetupError } from './setup/exit.ts';

await exitOnSetupError(async () => {
  const { apiUrl = 'http://localhost:3000', dir } = readConfig();
  const client = createClient(apiUrl, await readCredentialsFile(process.env['DOCKUP_CREDENTIALS'] ?? '/api/credentials.json'));
  const token = await enrolmentToken(dir, client);
  if (token !== undefined) process.env['DOCKUP_ENROLMENT_TOKEN'] = token;
  await import('../executor/main.ts');
});
