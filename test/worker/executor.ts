/** An executor inside workerd: the same door and the same key as everywhere, over the runtime's own socket. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createdServer } from '../../shared/api/servers.ts';
import { allCapabilities } from '../../shared/protocol/capabilities.ts';
import { connectAudience, connectPath, enrolPath, enrolResponse } from '../../shared/protocol/enrolment.ts';
import { parseHubMessage, pongText, protocolVersion, type ExecutorMessage, type HubMessage } from '../../shared/protocol/messages.ts';
import { callApi, fetchApi } from './api.ts';

const engine = { version: '20.10.24', api_version: '1.41', os: 'linux', arch: 'amd64', cpus: 2, memory: 4_294_967_296 };

export interface Executor {
  serverId: string;
  connectToken(): Promise<string>;
  dial(token: string): Promise<Response>;
}

export async function enrolExecutor(): Promise<Executor> {
  const { enrolment_token: token } = await callApi('POST', '/api/v1/servers', { body: { name: 'workerd' }, status: 201, schema: createdServer });
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { kty, crv, x } = await exportJWK(publicKey);
  const { server_id: serverId } = await callApi('POST', enrolPath, { token: null, body: { token, public_key: { kty, crv, x } }, status: 201, schema: enrolResponse });
  return {
    serverId,
    connectToken: () =>
      new SignJWT().setProtectedHeader({ alg: 'EdDSA' }).setSubject(serverId).setAudience(connectAudience).setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime('60s').sign(privateKey),
    dial: (connectToken) => fetchApi(connectPath, { headers: { upgrade: 'websocket', authorization: `Bearer ${connectToken}` } }),
  };
}

export interface Connection {
  socket: WebSocket;
  send(message: ExecutorMessage): void;
  /** The next message of this type that has not been asked for yet. */
  next<T extends HubMessage['type']>(type: T): Promise<Extract<HubMessage, { type: T }>>;
}

/** Connected and welcomed. */
export async function connect(executor: Executor): Promise<Connection> {
  const { status, webSocket: socket } = await executor.dial(await executor.connectToken());
  if (socket === null) throw new Error(`connect: ${status}`);
  const unread: HubMessage[] = [];
  let look = () => {};
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    // Frames are for the tests that ask for them.
    if (typeof data !== 'string' || data === pongText) return;
    const parsed = parseHubMessage(data);
    if (!parsed.ok) throw new Error(`the hub sent what the protocol does not know: ${parsed.reason}`);
    unread.push(parsed.message);
    look();
  });
  socket.accept();

  const send = (message: ExecutorMessage) => socket.send(JSON.stringify(message));
  const next = <T extends HubMessage['type']>(type: T) =>
    new Promise<Extract<HubMessage, { type: T }>>((resolve) => {
      look = () => {
        const index = unread.findIndex((message) => message.type === type);
        // `findIndex` has just seen that it is of this type.
        if (index >= 0) resolve(unread.splice(index, 1)[0] as Extract<HubMessage, { type: T }>);
      };
      look();
    });

  send({ type: 'hello', protocol: protocolVersion, version: '0.1.0', capabilities: allCapabilities, engine, ingress: { scheme: 'http', port: 8080 }, deployments: [] });
  await next('welcome');
  return { socket, send, next };
}
