export { AddressRanges } from './address.js'
export { EgressDenied, EgressGuard, type Key, type Settings } from './guard.js'
export { type Decision, EgressPolicy, type List, type Reason } from './policy.js'
