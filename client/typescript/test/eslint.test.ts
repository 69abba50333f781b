import { describe, it } from 'node:test'
import { RuleTester } from 'eslint'
import chancery from '../src/eslint.js'

RuleTester.describe = describe
RuleTester.it = it

const bare = (code: string, what: string) => ({ code, errors: [{ messageId: 'bare', data: { what } }] })

new RuleTester().run('no-bare-client', chancery.rules['no-bare-client'], {
  valid: [
    "import { EgressGuard } from '@chancery/egress'\nconst guard = new EgressGuard(settings)\nguard.fetch('https://a.example')",
    'function send(fetch) { return fetch(1) }',
    'const { fetch } = guard; fetch(1)',
    "import { readFile } from 'node:fs/promises'",
    'cache.fetch(1)',
  ],
  invalid: [
    bare("fetch('https://a.example')", 'fetch'),
    { ...bare("fetch('https://a.example')", 'fetch'), languageOptions: { globals: { fetch: 'readonly' } } },
    bare('const send = fetch', 'fetch'),
    bare('globalThis.fetch(1)', 'fetch'),
    bare("globalThis['fetch'](1)", 'fetch'),
    bare("new WebSocket('wss://a.example')", 'WebSocket'),
    bare("import https from 'node:https'", 'node:https'),
    bare("import { request } from 'undici'", 'undici'),
    bare("export * from 'net'", 'net'),
    bare("const axios = await import('axios')", 'axios'),
    { ...bare("const http = require('http')", 'http'), languageOptions: { sourceType: 'commonjs' } },
  ],
})
