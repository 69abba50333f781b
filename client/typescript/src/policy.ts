import { type Address, AddressRanges } from './address.js'
import { DEFAULT_PORTS, type Scheme, type Target, parseHost, parsePort, parseTarget, scheme } from './target.js'

/** Why a URL is allowed or denied. The codes are stable, and those of Chancery's `Evaluate`. */
export type Reason =
  | 'builtin-allow'
  | 'workspace-allow'
  | 'connector-allow'
  | 'override'
  | 'explicit-deny'
  | 'not-allowlisted'
  | 'forbidden-address'
  | 'scheme-not-allowed'
  | 'credentials-in-url'
  | 'malformed-url'

/** @property host as the URL Standard writes it; empty where the URL has none that could be read */
export type Decision = { allowed: boolean; reason: Reason; host: string }

const ALLOWS: ReadonlySet<Reason> = new Set(['builtin-allow', 'workspace-allow', 'connector-allow', 'override'])

function decided(reason: Reason, host: string): Decision {
  return { allowed: ALLOWS.has(reason), reason, host }
}

type Depth = 'exact' | 'one-label' | 'any'
type Pattern = { scheme?: Scheme; depth: Depth; host: string; port?: number }

/** `[scheme://][*.|**.]host[:port]`; undefined if it is no pattern, which then matches nothing: Chancery has judged it when it was listed. */
export function parsePattern(text: string): Pattern | undefined {
  let rest = text
  const pattern: Pattern = { depth: 'exact', host: '' }
  const slashes = rest.indexOf('://')
  if (slashes >= 0) {
    const known = scheme(rest.slice(0, slashes))
    if (known === undefined) return undefined
    pattern.scheme = known
    rest = rest.slice(slashes + 3)
  }
  if (/[/?#]/.test(rest)) return undefined
  if (rest.startsWith('**.')) {
    pattern.depth = 'any'
    rest = rest.slice(3)
  } else if (rest.startsWith('*.')) {
    pattern.depth = 'one-label'
    rest = rest.slice(2)
  }
  const colon = rest.indexOf(':', Math.max(0, rest.indexOf(']')))
  if (colon >= 0) {
    const port = colon === rest.length - 1 ? 0 : parsePort(rest.slice(colon + 1), 'https')
    if (port === 0) return undefined
    pattern.port = port
    rest = rest.slice(0, colon)
  }
  const host = rest.includes('*') ? undefined : parseHost(rest)
  if (host === undefined || (host.kind === 'address' && pattern.depth !== 'exact')) return undefined
  pattern.host = canonical(host.text)
  return pattern
}

/** Without the dot at its end: both spellings are the same host. */
function canonical(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** Patterns by their host: a question costs a look-up for each label, however many patterns there are. */
class PatternSet {
  readonly #patterns: Record<Depth, Map<string, Pattern[]>> = { exact: new Map(), 'one-label': new Map(), any: new Map() }

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const pattern = parsePattern(text)
      if (pattern === undefined) continue
      const same = this.#patterns[pattern.depth].get(pattern.host)
      if (same === undefined) this.#patterns[pattern.depth].set(pattern.host, [pattern])
      else same.push(pattern)
    }
  }

  /** @param everyPort whether a pattern without a port means all of them: so for what denies */
  matches(target: Target, everyPort: boolean): boolean {
    if (target.host.kind === 'address') return this.#has('exact', target.host.text, target, everyPort)
    const name = canonical(target.host.text)
    if (this.#has('exact', name, target, everyPort)) return true
    const parents = [...name.matchAll(/\./g)].map((dot) => name.slice(dot.index + 1))
    return (
      (parents[0] !== undefined && this.#has('one-label', parents[0], target, everyPort)) ||
      parents.some((parent) => this.#has('any', parent, target, everyPort))
    )
  }

  #has(depth: Depth, host: string, target: Target, everyPort: boolean): boolean {
    return (this.#patterns[depth].get(host) ?? []).some(
      (pattern) =>
        (pattern.scheme === undefined || pattern.scheme === target.scheme) &&
        ((everyPort && pattern.port === undefined) || (pattern.port ?? DEFAULT_PORTS[target.scheme]) === target.port),
    )
  }
}

/** A workspace's list. */
export type List = {
  deny?: readonly string[]
  builtIn?: readonly string[]
  allow?: readonly string[]
  /** Hosts by the connector that needs them. */
  connectors?: Readonly<Record<string, readonly string[]>>
  /** `until`: the first moment at which it is over. */
  overrides?: readonly { host: string; until: Date }[]
}

/**
 * What a workspace's programs may reach; the same decisions as the Java engine's `EgressPolicy`, which the vectors in
 * `vectors/egress.json` are from. Immutable.
 */
export class EgressPolicy {
  readonly #forbidden: AddressRanges
  readonly #deny: PatternSet
  readonly #builtIn: PatternSet
  readonly #allow: PatternSet
  readonly #connectors: PatternSet
  readonly #overrides: { until: Date; pattern: PatternSet }[]

  constructor(list: List, forbidden: AddressRanges = AddressRanges.FORBIDDEN) {
    this.#forbidden = forbidden
    this.#deny = new PatternSet(list.deny ?? [])
    this.#builtIn = new PatternSet(list.builtIn ?? [])
    this.#allow = new PatternSet(list.allow ?? [])
    this.#connectors = new PatternSet(Object.values(list.connectors ?? {}).flat())
    this.#overrides = (list.overrides ?? []).map(({ host, until }) => ({ until, pattern: new PatternSet([host]) }))
  }

  /** Decides a URL before its host is resolved. */
  evaluate(url: string, now: Date): Decision {
    const target = parseTarget(url)
    if (typeof target === 'string') return decided(target, '')
    const host = target.host.text
    if (this.#deny.matches(target, true)) return decided('explicit-deny', host)
    if (target.host.kind === 'address' && this.#forbidden.contains(target.host.address)) {
      return decided('forbidden-address', host)
    }
    if (this.#builtIn.matches(target, false)) return decided('builtin-allow', host)
    if (this.#allow.matches(target, false)) return decided('workspace-allow', host)
    if (this.#connectors.matches(target, false)) return decided('connector-allow', host)
    const overridden = this.#overrides.some(({ until, pattern }) => now < until && pattern.matches(target, false))
    return decided(overridden ? 'override' : 'not-allowlisted', host)
  }

  /** Confirms a decision that allows, given all the addresses that the host resolves to: one forbidden answer denies, and so does none. */
  admit(decision: Decision, addresses: readonly (Address | undefined)[]): Decision {
    if (!decision.allowed) return decision
    const good =
      addresses.length > 0 && addresses.every((address) => address !== undefined && !this.#forbidden.contains(address))
    return good ? decision : decided('forbidden-address', decision.host)
  }
}
