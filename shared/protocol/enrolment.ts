/**
 * How an executor proves who it is (SEC-17). It enrols once with a single-use token and the public half of an Ed25519 key it made
 * itself; from then on each connection carries a fresh JWT signed by that key. The control plane never holds a host's secret.
 */
import { z } from 'zod';

export const enrolPath = '/api/v1/executors/enrol';
export const connectPath = '/api/v1/executors/connect';

/** `aud` of the connect token. `sub` is the server id, `alg` EdDSA, life at most `connectTokenLife` seconds, `jti` random. */
export const connectAudience = 'dockup-executor';
export const connectTokenLife = 60;

export const enrolRequest = z.strictObject({
  token: z.string().min(1).max(200).meta({ description: 'The one-time enrolment token of the server.', example: 'dke_…' }),
  public_key: z
    .strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().min(40).max(60) })
    .meta({ description: 'Public half of the key the executor made, as a JWK (RFC 8037).' }),
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

export const enrolResponse = z.strictObject({
  server_id: z.string().meta({ description: 'Id of the server this executor now is.', example: 'srv_1c8z5t0vx4m2k9q7b3n6r1' }),
  name: z.string().meta({ description: 'The name the server was registered under.', example: 'local' }),
});
export type EnrolResponse = z.infer<typeof enrolResponse>;
