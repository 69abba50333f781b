import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAddress } from '../src/address.js'
import { EgressPolicy } from '../src/policy.js'

type Vectors = {
  now: string
  deny: string[]
  builtIn: string[]
  allow: string[]
  connectors: Record<string, string[]>
  overrides: { host: string; until: string }[]
  cases: { url: string; addresses?: string[]; reason: string; host: string }[]
}

const vectors = JSON.parse(readFileSync(new URL('../../vectors/egress.json', import.meta.url), 'utf8')) as Vectors
const policy = new EgressPolicy({
  ...vectors,
  overrides: vectors.overrides.map(({ host, until }) => ({ host, until: new Date(until) })),
})

test('decides as the Java engine does', () => {
  const now = new Date(vectors.now)
  const differing = vectors.cases.flatMap(({ url, addresses, reason, host }) => {
    const first = policy.evaluate(url, now)
    const decision = addresses === undefined ? first : policy.admit(first, addresses.map(parseAddress))
    const same = decision.reason === reason && decision.host === host
    return same ? [] : [{ url, addresses, expected: `${reason} ${host}`, actual: `${decision.reason} ${decision.host}` }]
  })
  assert.ok(vectors.cases.length > 2_000)
  assert.deepEqual(differing, [])
})
