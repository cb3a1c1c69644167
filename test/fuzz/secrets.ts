/** What must not be in a reply, by who has asked for what. */
import type { FuzzWorld } from './world.ts';
import { secretMarker } from './hints.ts';
import type { Message, Reply } from './send.ts';

interface Asked {
  operation: string;
  persona: string;
  message: Message;
}

interface Secret {
  what: string;
  pattern: RegExp | string;
  maySee(asked: Asked): boolean;
}

const nobody = () => false;

export function createSecrets({ world: { ann, bob, administrator } }: FuzzWorld): (asked: Asked, reply: Reply) => string[] {
  const showsKeys = ({ operation }: Asked) => ['createApiKey', 'revealApiKey', 'user-createApiKey'].includes(operation);
  /** Texts that only their owner and administrators come to see, unless they have sent them. */
  const of = (name: string, texts: string[]): Secret[] =>
    texts.map((text) => ({ what: `what is of ${name}`, pattern: text, maySee: ({ persona, message }) => persona.startsWith(`${name}.`) || persona.startsWith('administrator.') || sent(message).includes(text) }));
  const secrets: Secret[] = [
    { what: 'a value of an environment', pattern: secretMarker, maySee: ({ operation, persona }) => operation === 'getAppEnv' || (operation === 'application-one' && persona !== 'ann.logs') },
    { what: 'a password', pattern: 'planted-password', maySee: nobody },
    { what: 'the password of the administrator', pattern: administrator.password, maySee: nobody },
    { what: 'a key', pattern: /dkp_[0-9a-f]{48}/, maySee: showsKeys },
    ...[ann, bob, administrator].map(({ email, key }) => ({ what: `the key of ${email}`, pattern: key.text, maySee: (asked: Asked) => asked.operation === 'revealApiKey' && asked.persona.endsWith('.session') && email.startsWith(asked.persona.split('.')[0] === 'administrator' ? administrator.email : (asked.persona.split('.')[0] ?? '')) })),
    ...[ann, bob, administrator].map(({ email, session }) => ({ what: `a session of ${email}`, pattern: session, maySee: nobody })),
    { what: 'a password hash', pattern: 'scrypt$', maySee: nobody },
    { what: 'a sealed text', pattern: /\bv1\.[A-Za-z0-9+/]{16}/, maySee: nobody },
    ...of('ann', ['app of ann', ann.email, ann.key.id, ann.deploymentId]),
    ...of('bob', ['app of bob', bob.email, bob.key.id, bob.deploymentId]),
  ];
  return (asked, { body, headers, close }) => {
    const text = `${body}\n${JSON.stringify(headers)}\n${close?.reason ?? ''}`;
    return secrets.filter(({ pattern, maySee }) => (typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)) && !maySee(asked)).map(({ what }) => `${asked.persona} sees ${what}`);
  };
}

function sent({ target, body }: Message): string {
  return `${decode(target)}\n${body ?? ''}`;
}

function decode(target: string): string {
  return target.replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => Buffer.from(encoded.replaceAll('%', ''), 'hex').toString());
}
