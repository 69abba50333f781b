import { domainToASCII } from 'node:url'
import { type Address, addressText, endsInNumber, parseV4, parseV6 } from './address.js'

export type Scheme = 'http' | 'https' | 'ws' | 'wss'

export const DEFAULT_PORTS: Record<Scheme, number> = { http: 80, https: 443, ws: 80, wss: 443 }

/** A URL's host, read as the URL Standard reads it, but for percent-encoding, which is refused: not every client decodes it. */
export type Host = { kind: 'name'; text: string } | { kind: 'address'; text: string; address: Address }

/** Where a URL leads; paths, queries and fragments are not looked at. */
export type Target = { scheme: Scheme; host: Host; port: number }

export type Refused = 'malformed-url' | 'scheme-not-allowed' | 'credentials-in-url'

const MAX_URL = 65_536
const MAX_HOST = 1_024
const MAX_NAME = 253
const MAX_LABEL = 63

export function scheme(text: string): Scheme | undefined {
  const lower = text.toLowerCase()
  return Object.hasOwn(DEFAULT_PORTS, lower) ? (lower as Scheme) : undefined
}

/** Reads an absolute URL. What the URL Standard repairs is refused: another parser would find another host. */
export function parseTarget(url: string): Target | Refused {
  const colon = url.indexOf(':')
  if (url.length > MAX_URL || colon <= 0 || !/^[A-Za-z0-9+.-]+$/.test(url.slice(0, colon)) || hasControl(url)) {
    return 'malformed-url'
  }
  const known = scheme(url.slice(0, colon))
  if (known === undefined) return 'scheme-not-allowed'
  if (!url.startsWith('//', colon + 1)) return 'malformed-url'
  const rest = url.slice(colon + 3)
  const end = rest.search(/[/?#\\]/)
  if (end >= 0 && rest[end] === '\\') return 'malformed-url'
  const authority = end < 0 ? rest : rest.slice(0, end)
  return authority.includes('@') ? 'credentials-in-url' : parseAuthority(known, authority)
}

function parseAuthority(known: Scheme, authority: string): Target | Refused {
  const colon = authority.indexOf(':', Math.max(0, authority.indexOf(']')))
  const host = parseHost(colon < 0 ? authority : authority.slice(0, colon))
  const port = colon < 0 ? DEFAULT_PORTS[known] : parsePort(authority.slice(colon + 1), known)
  return host === undefined || port <= 0 ? 'malformed-url' : { scheme: known, host, port }
}

/** 0 if it is none; an empty one is the scheme's. */
export function parsePort(text: string, known: Scheme): number {
  if (text === '') return DEFAULT_PORTS[known]
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return port <= 65_535 ? port : 0
}

/** Control characters and blanks at the ends are dropped by some parsers; U+FFFD stands for bytes that were no UTF-8. */
function hasControl(url: string): boolean {
  // eslint-disable-next-line no-control-regex
  return url.startsWith(' ') || url.endsWith(' ') || /[\u0000-\u001f\u007f\ufffd]/.test(url)
}

/** Undefined if the text is no host. */
export function parseHost(text: string): Host | undefined {
  if (text === '' || text.length > MAX_HOST) return undefined
  if (text.startsWith('[')) {
    const address = text.endsWith(']') ? parseV6(text.slice(1, -1)) : undefined
    return address && { kind: 'address', text: `[${addressText(address)}]`, address }
  }
  const name = ascii(text)
  if (name === undefined) return undefined
  if (!endsInNumber(name)) return { kind: 'name', text: name }
  const address = parseV4(name)
  return address && { kind: 'address', text: addressText(address), address }
}

/** Unicode to ASCII by UTS 46, as the URL Standard configures it, and with DNS' lengths. */
function ascii(text: string): string | undefined {
  if (/[\u0000-\u0020\u007f#/:<>?@[\\\]^|%]/.test(text)) return undefined
  // What is ASCII already needs no mapping, unless it says that it is encoded.
  const plain = /^[\u0021-\u007e]+$/.test(text) && !/(^|\.)xn--/i.test(text)
  const name = plain ? text.toLowerCase() : domainToASCII(text)
  if (name === '' || name === '.') return undefined
  const labels = (name.endsWith('.') ? name.slice(0, -1) : name).split('.')
  const fits = labels.every((label) => label !== '' && label.length <= MAX_LABEL)
  return fits && labels.join('.').length <= MAX_NAME ? name : undefined
}
