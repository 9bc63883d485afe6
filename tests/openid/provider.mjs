// An OpenID provider for the acceptance tests: machine clients get signed access tokens for one audience, with the claims
// that the test names. Listens on a free port, tells its issuer on a line of its own, and ends with its standard input.
//
//   POST /test/rotate   signs with a new key from now on and publishes it alone
//   GET  /test/asked    how often its key set was asked for

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const { audience, secret, claims, scope } = JSON.parse(process.argv[2]);

const signingKey = () => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid: randomUUID(),
  use: 'sig',
  alg: 'RS256',
});

const provided = (issuer) =>
  new Provider(issuer, {
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomUUID()] },
    clients: [
      {
        client_id: 'county-system',
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    extraTokenClaims: () => claims,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // A resource is named by an address; what tokens say of it, by its audience.
        defaultResource: () => 'https://valinta.example',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });

let answer;
let asked = 0;
const server = createServer((request, response) => {
  if (request.url === '/test/rotate') {
    answer = provided(server.issuer).callback();
    response.end('{}');
  } else if (request.url === '/test/asked') {
    response.end(JSON.stringify(asked));
  } else {
    asked += request.url === '/jwks' ? 1 : 0;
    answer(request, response);
  }
});
server.listen(0, '127.0.0.1', () => {
  server.issuer = `http://127.0.0.1:${server.address().port}`;
  answer = provided(server.issuer).callback();
  console.log(`issuer ${server.issuer}`);
});
process.stdin.on('end', () => process.exit()).resume();
