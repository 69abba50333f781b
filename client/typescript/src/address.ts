/** An IPv4 or IPv6 address as its 4 or 16 octets, read and written as the URL Standard does it. */
export type Address = Uint8Array

const DIGITS: Record<number, RegExp> = { 8: /^[0-7]*$/, 10: /^[0-9]*$/, 16: /^[0-9a-fA-F]*$/ }
const GROUPS = 8

/** A part of an IPv4 address in decimal, octal (0…) or hexadecimal (0x…); undefined if it is none. */
function number(text: string): number | undefined {
  let digits = text
  let radix = 10
  if (/^0[xX]/.test(digits)) {
    digits = digits.slice(2)
    radix = 16
  } else if (digits.length > 1 && digits.startsWith('0')) {
    digits = digits.slice(1)
    radix = 8
  } else if (digits === '') {
    return undefined
  }
  if (!DIGITS[radix]!.test(digits)) return undefined
  return digits === '' ? 0 : parseInt(digits, radix)
}

/** Whether a name's last label makes it an IPv4 address, or nothing (URL Standard, "ends in a number"). */
export function endsInNumber(name: string): boolean {
  const labels = name.split('.')
  if (labels.length > 1 && labels.at(-1) === '') labels.pop()
  const last = labels.at(-1)!
  return last !== '' && (/^[0-9]+$/.test(last) || number(last) !== undefined)
}

/** In one to four parts; the last part fills what is left. */
export function parseV4(text: string): Address | undefined {
  const parts = (text.endsWith('.') ? text.slice(0, -1) : text).split('.')
  if (parts.length > 4) return undefined
  let value = 0
  for (const [i, part] of parts.entries()) {
    const read = number(part)
    const last = i === parts.length - 1
    if (read === undefined || read >= (last ? 256 ** (5 - parts.length) : 256)) return undefined
    value += last ? read : read * 256 ** (3 - i)
  }
  return Uint8Array.of(value / 2 ** 24, (value / 2 ** 16) & 255, (value / 2 ** 8) & 255, value & 255)
}

/** Groups of up to four hexadecimal digits, the last two perhaps as strict IPv4. */
function groups(text: string): number[] | undefined {
  const found: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes('.')) {
      const octets = part.split('.')
      if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) < 256)) {
        return undefined
      }
      const [a, b, c, d] = octets.map(Number) as [number, number, number, number]
      found.push(a * 256 + b, c * 256 + d)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      found.push(parseInt(part, 16))
    } else {
      return undefined
    }
  }
  return found.length > GROUPS ? undefined : found
}

/** Without brackets and without a zone. */
export function parseV6(text: string): Address | undefined {
  const gap = text.indexOf('::')
  if (gap >= 0 && text.indexOf('::', gap + 1) >= 0) return undefined
  let all: number[] | undefined
  if (gap < 0) {
    all = groups(text)
  } else {
    const before = text.slice(0, gap)
    const after = text.slice(gap + 2)
    // Before a gap there is no IPv4 part.
    const head = before === '' ? [] : before.includes('.') ? undefined : groups(before)
    const tail = after === '' ? [] : groups(after)
    if (head === undefined || tail === undefined || head.length + tail.length >= GROUPS) return undefined
    all = [...head, ...new Array<number>(GROUPS - head.length - tail.length).fill(0), ...tail]
  }
  return all?.length === GROUPS ? Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255])) : undefined
}

/** What a name server answers. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

/** IPv4 dotted; IPv6 in lower case with the first longest run of zero groups left out, without brackets. */
export function addressText(address: Address): string {
  if (address.length === 4) return address.join('.')
  const all = Array.from({ length: GROUPS }, (_, i) => address[2 * i]! * 256 + address[2 * i + 1]!)
  let start = -1
  let length = 1
  for (let i = 0; i < GROUPS; i++) {
    let end = i
    while (end < GROUPS && all[end] === 0) end++
    if (end - i > length) {
      start = i
      length = end - i
    }
    i = Math.max(i, end - 1)
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  return start < 0 ? hex(all) : `${hex(all.slice(0, start))}::${hex(all.slice(start + length))}`
}

/** Ranges of addresses that no program may reach. */
export class AddressRanges {
  readonly #ranges: { prefix: Address; bits: number }[]
  readonly #globalUnicastOnly: boolean

  private constructor(cidrs: string[], globalUnicastOnly: boolean) {
    this.#ranges = cidrs.map((cidr) => {
      const [address, bits] = cidr.split('/') as [string, string]
      return { prefix: parseAddress(address)!, bits: Number(bits) }
    })
    this.#globalUnicastOnly = globalUnicastOnly
  }

  /** Everything that is not the public internet: the same table as the Java engine's `AddressRanges`. */
  static readonly FORBIDDEN = new AddressRanges(
    [
      '0.0.0.0/8',
      '10.0.0.0/8',
      '100.64.0.0/10',
      '127.0.0.0/8',
      '168.63.129.16/32',
      '169.254.0.0/16',
      '172.16.0.0/12',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.31.196.0/24',
      '192.52.193.0/24',
      '192.88.99.0/24',
      '192.168.0.0/16',
      '192.175.48.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '224.0.0.0/4',
      '240.0.0.0/4',
      '2001::/23',
      '2001:db8::/32',
      '2002::/16',
      '2620:4f:8000::/48',
      '3fff::/20',
    ],
    true,
  )

  /** For tests, in which loopback stands for the internet: those ranges, and no others. */
  static only(...cidrs: string[]): AddressRanges {
    return new AddressRanges(cidrs, false)
  }

  contains(address: Address): boolean {
    if (this.#ranges.some(({ prefix, bits }) => within(address, prefix, bits))) return true
    if (!this.#globalUnicastOnly || address.length === 4) return false
    const isatap =
      (address[8]! & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe
    return (address[0]! & 0xe0) !== 0x20 || isatap
  }
}

function within(address: Address, prefix: Address, bits: number): boolean {
  if (address.length !== prefix.length) return false
  for (let i = 0; 8 * i < bits; i++) {
    const mask = bits - 8 * i >= 8 ? 255 : (255 << (8 - (bits - 8 * i))) & 255
    if (((address[i]! ^ prefix[i]!) & mask) !== 0) return false
  }
  return true
}
