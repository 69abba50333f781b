import assert from 'node:assert/strict'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { request } from 'undici'
import { AddressRanges } from '../src/address.js'
import { EgressDenied, EgressGuard } from '../src/guard.js'
import type { List } from '../src/policy.js'

const HOST = 'origin.example.com'
const OTHER = 'other.example.net'
const INSIDE = '127.0.0.66'

let origin: Server
let inside: Server
let port: number
let seen: { at: string; request: IncomingMessage; body: string }[]
let redirect: { status: number; to: string }
let names: Record<string, () => string[]>
let list: List
let heard: boolean
let now: Date
let skipped: number
let guard: EgressGuard

function listening(address: string, at: number): Promise<Server> {
  const server = createServer(async (message: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of message) body += chunk
    seen.push({ at: address, request: message, body })
    if (message.url === '/from') response.writeHead(redirect.status, { location: redirect.to })
    response.end('said')
  })
  return new Promise((done) => server.listen(at, address, () => done(server)))
}

before(async () => {
  origin = await listening('127.0.0.1', 0)
  port = (origin.address() as AddressInfo).port
  inside = await listening(INSIDE, port)
})

after(() => {
  origin.close()
  inside.close()
})

beforeEach(async () => {
  seen = []
  names = { [HOST]: () => ['127.0.0.1'], [OTHER]: () => ['127.0.0.1'] }
  list = { allow: [`http://${HOST}:${port}`] }
  heard = true
  now = new Date('2026-06-01T12:00:00Z')
  skipped = 0
  guard = new EgressGuard({
    lists: async () => {
      if (!heard) throw new Error('not heard')
      return list
    },
    forbidden: AddressRanges.only(`${INSIDE}/32`),
    resolve: async (name) => names[name]?.() ?? Promise.reject(new Error(`no ${name}`)),
    now: () => now,
    monotonicMillis: () => performance.now() + skipped,
  })
  assert.ok(await guard.ready(5_000))
})

afterEach(() => guard.close())

const at = (host: string, path = '/') => `http://${host}:${port}${path}`

const denied = (host: string, reason: string, code = 'egress.denied') => (failure: unknown) => {
  assert.ok(failure instanceof EgressDenied, String(failure))
  assert.deepEqual([failure.host, failure.reason, failure.code], [host, reason, code])
  return true
}

async function reaches(url: string, reason: string): Promise<void> {
  const deadline = performance.now() + 10_000
  for (;;) {
    let last = 'allowed'
    try {
      guard.check(url)
    } catch (failure) {
      last = (failure as EgressDenied).reason
    }
    if (last === reason) return
    assert.ok(performance.now() < deadline, last)
    await new Promise((later) => setTimeout(later, 10))
  }
}

test('what the list allows is reached, by fetch and by the dispatcher', async () => {
  assert.equal(await (await guard.fetch(at(HOST), { method: 'POST', body: 'text' })).text(), 'said')
  assert.equal(await (await request(at(HOST), { dispatcher: guard.dispatcher })).body.text(), 'said')
  assert.deepEqual(
    seen.map(({ request, body }) => [request.method, request.headers.host, body]),
    [
      ['POST', `${HOST}:${port}`, 'text'],
      ['GET', `${HOST}:${port}`, ''],
    ],
  )
})

test('a denial tells host, code and fix', async () => {
  const nowhere = 'https://nowhere.example.org/secret-path'
  await assert.rejects(guard.fetch(nowhere), denied('nowhere.example.org', 'not-allowlisted'))
  await assert.rejects(request(nowhere, { dispatcher: guard.dispatcher }), denied('nowhere.example.org', 'not-allowlisted'))
  await assert.rejects(guard.fetch(nowhere), (failure: Error) => {
    assert.match(failure.message, /override/)
    assert.doesNotMatch(failure.message, /secret-path/)
    return true
  })
})

test('one forbidden address denies the name, and what was looked at is dialled', async () => {
  names[HOST] = () => ['127.0.0.1', INSIDE]
  await assert.rejects(guard.fetch(at(HOST)), denied(HOST, 'forbidden-address'))
  names[HOST] = () => [INSIDE]
  await assert.rejects(request(at(HOST), { dispatcher: guard.dispatcher }), denied(HOST, 'forbidden-address'))
  let looked = 0
  names[HOST] = () => [['127.0.0.1'], [INSIDE]][looked++]!
  assert.equal(await (await guard.fetch(at(HOST))).text(), 'said')
  assert.equal(looked, 1)
  assert.deepEqual(seen.map((one) => one.at), ['127.0.0.1'])
})

test('a redirect is decided again', async () => {
  redirect = { status: 302, to: `http://${INSIDE}:${port}/latest/meta-data` }
  await assert.rejects(guard.fetch(at(HOST, '/from')), denied(INSIDE, 'forbidden-address'))
  redirect = { status: 307, to: at(OTHER) }
  await assert.rejects(guard.fetch(at(HOST, '/from')), denied(OTHER, 'not-allowlisted'))
  assert.deepEqual(seen.map((one) => one.at), ['127.0.0.1', '127.0.0.1'])
})

test('across origins no credential goes along', async () => {
  list = { allow: [`http://${HOST}:${port}`, `http://${OTHER}:${port}`] }
  await reaches(at(OTHER), 'allowed')
  const init = { method: 'POST', body: 'text', headers: { authorization: 'Bearer mine', 'x-api-key': 'mine', cookie: 'mine' } }
  redirect = { status: 307, to: at(OTHER, '/to') }
  await guard.fetch(at(HOST, '/from'), init)
  redirect = { status: 303, to: '/to' }
  await guard.fetch(at(HOST, '/from'), init)
  const credentials = ({ request: { method, headers }, body }: (typeof seen)[number]) => [
    method,
    headers.authorization,
    headers['x-api-key'],
    headers.cookie,
    body,
  ]
  assert.deepEqual(credentials(seen[1]!), ['POST', undefined, undefined, undefined, 'text'])
  assert.deepEqual(credentials(seen[3]!), ['GET', 'Bearer mine', 'mine', 'mine', ''])
})

test('an edit is in force on connections that are open, too', async () => {
  await (await guard.fetch(at(HOST))).text()
  list = { ...list, deny: [HOST] }
  await reaches(at(HOST), 'explicit-deny')
  await assert.rejects(request(at(HOST), { dispatcher: guard.dispatcher }), denied(HOST, 'explicit-deny'))
  assert.equal(seen.length, 1)
})

test('an override ends at its moment', async () => {
  list = { overrides: [{ host: 'over.example.org', until: new Date(now.getTime() + 60_000) }] }
  await reaches('https://over.example.org', 'allowed')
  now = new Date(now.getTime() + 60_000)
  assert.throws(() => guard.check('https://over.example.org'), denied('over.example.org', 'not-allowlisted'))
})

test('an old list denies everything', async () => {
  heard = false
  skipped = 4_000
  await assert.rejects(guard.fetch(at(HOST)), denied(HOST, 'policy-stale', 'egress.stale'))
  heard = true
  await reaches(at(HOST), 'allowed')
})

test('an instance is asked in clear on this machine alone', () => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: '', d: '', kid: 'o.p' }
  assert.throws(() => new EgressGuard({ url: 'http://chancery.example.com', key, workspaceId: 'w' }), /https/)
})
