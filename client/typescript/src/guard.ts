import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { lookup as systemLookup } from 'node:dns/promises'
import { Agent, type Dispatcher, Headers, type RequestInit, type Response, buildConnector, fetch as undiciFetch } from 'undici'
import { AddressRanges, parseAddress } from './address.js'
import { type Decision, EgressPolicy, type List } from './policy.js'

/** A request that was not sent, since the workspace's list does not allow it. The message says host, code and what to do. */
export class EgressDenied extends Error {
  override readonly name = 'EgressDenied'

  /**
   * @param host whom the request would have reached; empty where the URL has no host that can be read
   * @param code `egress.denied`, or `egress.stale`: the list is not known, or not fresh, so nothing is allowed
   * @param reason why, as Chancery's `Evaluate` says it, or `policy-stale`
   */
  constructor(
    readonly host: string,
    readonly code: 'egress.denied' | 'egress.stale',
    readonly reason: string,
  ) {
    const hint =
      code === 'egress.denied'
        ? "Have the host added to the workspace's list in Chancery, or ask for an override."
        : 'Chancery was not heard for too long: see EgressGuard.trouble.'
    super(`${code}: ${host || 'a URL without a host that can be read'} (${reason}). ${hint}`)
  }
}

/** What `chancery keygen` writes: an Ed25519 JWK whose `kid` is the client id. */
export type Key = { kty: string; crv: string; x: string; d: string; kid: string }

export type Settings = {
  /** The instance's base URL: https, or http at a loopback address of this machine. */
  url: string
  /** Of a principal that holds `egress:read` in the workspace. */
  key: Key
  /** The workspace whose list decides. */
  workspaceId: string
  /** How long after the instance was last heard the list still decides, in milliseconds; past it, everything is denied. 3,000. */
  boundMillis?: number
}

/** For tests: where the list comes from, and what stands for the internet. */
export type Parts = {
  lists: () => Promise<List>
  forbidden?: AddressRanges
  resolve?: (name: string) => Promise<string[]>
  boundMillis?: number
  now?: () => Date
  monotonicMillis?: () => number
}

const PAUSE_MILLIS = 500
const BOUND_MILLIS = 3_000
const CALL_MILLIS = 5_000
const MAX_REDIRECTS = 20

/** What goes along to another origin. Any other header may be a credential: keys of APIs have no common name. */
const CARRIED: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-language',
  'content-type',
  'range',
  'user-agent',
])

/**
 * Decides in process what an application may reach, by its workspace's list in Chancery. The list is asked for twice a second; an edit
 * is in force within that and the two seconds that the instance's own answer may be old, an override ends at its moment, and a list that
 * is older than the bound denies everything.
 *
 * It does not keep a program in that does not use it: only a network that lets nothing out but Chancery's proxy does. The ESLint rule
 * `chancery/no-bare-client` finds such code. Nor are decisions recorded, as those of Chancery's proxy are.
 */
export class EgressGuard {
  /** For undici's `request` and the like: asks before each request, looks a name up once, and dials what it has looked at. */
  readonly dispatcher: Dispatcher

  readonly #parts: Parts
  readonly #agent: Agent
  #known: { policy: EgressPolicy; askedMillis: number } | undefined
  #trouble = 'not asked yet'
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** @param connect options of undici's connector, such as `ca` */
  constructor(from: Settings | Parts, connect: buildConnector.BuildOptions = {}) {
    this.#parts = 'lists' in from ? from : { lists: instance(from), ...(from.boundMillis && { boundMillis: from.boundMillis }) }
    const dial = buildConnector({
      ...connect,
      lookup: (name, options, done) => {
        this.#admitted(name).then(
          (all) => (options.all ? done(null, all) : done(null, all[0]!.address, all[0]!.family)),
          (failure: NodeJS.ErrnoException) => done(failure, '', 0),
        )
      },
    })
    this.#agent = new Agent({
      connect: (options, done) => {
        try {
          const host = options.hostname.includes(':') ? `[${options.hostname}]` : options.hostname // undici takes the brackets off
          this.check(`${options.protocol}//${host}:${options.port || (options.protocol === 'https:' ? 443 : 80)}`)
        } catch (failure) {
          done(failure as Error, null)
          return
        }
        dial(options, done)
      },
    })
    this.dispatcher = this.#agent.compose((dispatch) => (options, handler) => {
      this.check(`${options.origin}${options.path}`)
      return dispatch(options, handler)
    })
    void this.#ask()
  }

  async #ask(): Promise<void> {
    const askedMillis = this.#monotonic()
    try {
      this.#known = { policy: new EgressPolicy(await this.#parts.lists(), this.#parts.forbidden), askedMillis }
      this.#trouble = ''
    } catch (failure) {
      this.#trouble = String(failure)
    }
    // It keeps no program running that has nothing else to do.
    if (!this.#closed) this.#timer = setTimeout(() => void this.#ask(), PAUSE_MILLIS).unref()
  }

  #monotonic(): number {
    return (this.#parts.monotonicMillis ?? (() => performance.now()))()
  }

  /** Waits until there is a list; false when that did not come in time. */
  async ready(atMostMillis: number): Promise<boolean> {
    const deadline = performance.now() + atMostMillis
    while (this.#fresh() === undefined) {
      if (this.#closed || performance.now() > deadline) return false
      await new Promise((later) => setTimeout(later, 5))
    }
    return true
  }

  /** Why the instance wasn't heard the last time it was asked; empty while it is. */
  get trouble(): string {
    return this.#trouble
  }

  #fresh(): EgressPolicy | undefined {
    const known = this.#known
    const old = known === undefined || this.#monotonic() - known.askedMillis > (this.#parts.boundMillis ?? BOUND_MILLIS)
    return old ? undefined : known.policy
  }

  /** Passes when the list allows a URL; throws {@link EgressDenied} otherwise. Its host's addresses are looked at when it is dialled. */
  check(url: string): void {
    const policy = this.#fresh()
    if (policy === undefined) throw new EgressDenied(URL.canParse(url) ? new URL(url).hostname : '', 'egress.stale', 'policy-stale')
    allowed(policy.evaluate(url, (this.#parts.now ?? (() => new Date()))()))
  }

  /** All addresses of a name, each of them allowed. */
  async #admitted(name: string): Promise<{ address: string; family: 4 | 6 }[]> {
    const bare = name.endsWith('.') ? name.slice(0, -1) : name
    const addresses = await (this.#parts.resolve ?? resolve)(bare)
    const policy = this.#fresh()
    if (policy === undefined) throw new EgressDenied(name, 'egress.stale', 'policy-stale')
    allowed(policy.admit({ allowed: true, reason: 'workspace-allow', host: name }, addresses.map(parseAddress)))
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }

  /**
   * `fetch`, but for what the list does not allow: that rejects with {@link EgressDenied}. Each redirect is decided again, takes no
   * credentials along across origins, and does not lead from https to http.
   */
  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const { redirect = 'follow', ...rest } = init
    let target = String(url)
    let next: RequestInit = rest
    for (let hop = 0; ; hop++) {
      const response = await this.#sent(target, { ...next, redirect: 'manual', dispatcher: this.dispatcher })
      const location = response.headers.get('location')
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null || redirect === 'manual') return response
      await response.body?.cancel()
      if (redirect === 'error') throw new TypeError('redirected')
      if (hop >= MAX_REDIRECTS) throw new TypeError('redirected too often')
      const from = new URL(target)
      const to = new URL(location, from)
      if (from.protocol === 'https:' && to.protocol !== 'https:') throw new TypeError('redirected from https to something else')
      next = redirected(next, response.status, from.origin === to.origin)
      target = to.href
    }
  }

  async #sent(url: string, init: RequestInit): Promise<Response> {
    this.check(url)
    try {
      return await undiciFetch(url, init)
    } catch (failure) {
      // fetch wraps what happened while it dialled.
      throw failure instanceof Error && failure.cause instanceof EgressDenied ? failure.cause : failure
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#agent.destroy()
  }
}

function allowed(decision: Decision): void {
  if (!decision.allowed) throw new EgressDenied(decision.host, 'egress.denied', decision.reason)
}

function redirected(init: RequestInit, status: number, sameOrigin: boolean): RequestInit {
  const method = (init.method ?? 'GET').toUpperCase()
  const get = (status === 303 && method !== 'HEAD') || (status <= 302 && method === 'POST')
  if (!get && init.body instanceof ReadableStream) throw new TypeError('a body that is a stream is not sent twice')
  const headers = new Headers(init.headers)
  for (const name of [...headers.keys()]) {
    if ((!sameOrigin && !CARRIED.has(name)) || (get && name.startsWith('content-'))) headers.delete(name)
  }
  const next: RequestInit = { ...init, headers: [...headers] }
  if (get) {
    next.method = 'GET'
    delete next.body
  }
  return next
}

async function resolve(name: string): Promise<string[]> {
  // The dot keeps the system from trying the name below domains of its own.
  return (await systemLookup(`${name}.`, { all: true })).map(({ address }) => address)
}

/** Reads a workspace's list from an instance. */
function instance({ url, key, workspaceId }: Settings): () => Promise<List> {
  const base = new URL(url)
  const loopback = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/.test(base.hostname)
  if (base.protocol !== 'https:' && !(base.protocol === 'http:' && loopback)) {
    throw new TypeError('url is an https URL; http is for a loopback address of this machine')
  }
  const issuer = url.replace(/\/$/, '')
  const privateKey = createPrivateKey({ key, format: 'jwk' })
  let token: { text: string; renewAtMillis: number } | undefined

  async function call(path: string, init: RequestInit): Promise<Record<string, unknown>> {
    const response = await undiciFetch(issuer + path, { ...init, redirect: 'error', signal: AbortSignal.timeout(CALL_MILLIS) })
    if (response.status === 401) token = undefined
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, unknown>
  }

  function assertion(): string {
    const now = Math.floor(Date.now() / 1_000)
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = `${part({ alg: 'EdDSA', typ: 'JWT', kid: key.kid })}.${part({
      iss: key.kid,
      sub: key.kid,
      aud: issuer,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
    })}`
    return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
  }

  async function accessToken(): Promise<string> {
    if (token === undefined || Date.now() >= token.renewAtMillis) {
      const issued = await call('/identity/v1/tokens', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body: JSON.stringify({ clientAssertion: assertion() }),
      })
      const lifetimeMillis = Number(issued['expiresInSeconds']) * 1_000
      token = { text: String(issued['accessToken']), renewAtMillis: Date.now() + lifetimeMillis / 2 }
    }
    return token.text
  }

  return async () => {
    const headers = { authorization: `Bearer ${await accessToken()}` }
    const path = `/egress/v1/workspaces/${encodeURIComponent(workspaceId)}`
    const policy = (await call(`${path}/policy`, { headers })) as {
      allow: string[]
      deny: string[]
      builtIn: string[]
      sandbox: boolean
      connectors: { connector: string; hosts: string[] }[]
    }
    const { overrides } = (await call(`${path}/overrides`, { headers })) as {
      overrides: { host: string; state: string; expiresAtMillis: string }[]
    }
    return {
      allow: policy.allow,
      deny: policy.deny,
      builtIn: policy.sandbox ? [] : policy.builtIn,
      connectors: Object.fromEntries(policy.connectors.map(({ connector, hosts }) => [connector, hosts])),
      overrides: overrides
        .filter(({ state }) => state === 'OVERRIDE_STATE_IN_FORCE')
        .map(({ host, expiresAtMillis }) => ({ host, until: new Date(Number(expiresAtMillis)) })),
    }
  }
}
