// Asks whether somebody may do something:   node check.js URL KEY SUBJECT RESOURCE CAPABILITY
// KEY is what `./chancery keygen` wrote: a JWK whose kid is the client id. README.md has the whole way.
import { readFile } from 'node:fs/promises'
import { importJWK } from 'jose'
import * as client from 'openid-client'

const [url, keyFile, subject, resource, capability] = process.argv.slice(2)
if (capability === undefined) {
  console.error('usage: node check.js URL KEY SUBJECT RESOURCE CAPABILITY')
  process.exit(2)
}

/** A token for ten minutes: a program that runs on takes a new one when that is over. */
async function signIn() {
  const jwk = JSON.parse(await readFile(keyFile, 'utf8'))
  const key = await importJWK(jwk, 'Ed25519')
  const instance = await client.discovery(new URL(url), jwk.kid, {}, client.PrivateKeyJwt(key), {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests], // plain HTTP, which is for loopback only
  })
  return (await client.clientCredentialsGrant(instance)).access_token
}

/** Asks through AuthZEN. A deny is an answer, with its reason; a refusal means that the question wasn't answered. */
async function check(token) {
  const [type, name] = capability.split(':')
  const response = await fetch(new URL('/access/v1/evaluation', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ subject: { type: 'user', id: subject }, resource: { type, id: resource }, action: { name } }),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response.json()
}

try {
  console.log(JSON.stringify(await check(await signIn())))
} catch (failure) {
  // The library tells OAuth's own error and description apart from what went wrong on the way.
  console.error(failure.error ? `${failure.error}: ${failure.error_description}` : failure.message)
  process.exitCode = 1
}
