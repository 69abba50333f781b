import type { Linter, Rule } from 'eslint'

const MODULES: ReadonlySet<string> = new Set(
  ['http', 'https', 'http2', 'net', 'tls', 'dgram'].flatMap((name) => [name, `node:${name}`]).concat('undici', 'axios', 'got', 'ky', 'node-fetch', 'ws'),
)
const GLOBALS: ReadonlySet<string> = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'])
const ROOTS: ReadonlySet<string> = new Set(['globalThis', 'global', 'window', 'self'])

/** Finds code that makes connections past the guard. It does not see what other libraries do. */
const noBareClient: Rule.RuleModule = {
  meta: {
    type: 'problem',
    docs: { description: "finds clients that connect past Chancery's egress guard" },
    messages: { bare: "{{what}} connects past Chancery's egress guard: use EgressGuard's fetch, or its dispatcher." },
    schema: [],
  },
  create(context) {
    const report = (node: Rule.Node, what: string) => context.report({ node, messageId: 'bare', data: { what } })
    const imported = (node: Rule.Node, source: unknown) => {
      const value = (source as { value?: unknown } | null | undefined)?.value
      if (typeof value === 'string' && MODULES.has(value)) report(node, value)
    }
    return {
      ImportDeclaration(node) {
        if ((node as { importKind?: string }).importKind !== 'type') imported(node, node.source)
      },
      ExportNamedDeclaration: (node) => imported(node, node.source),
      ExportAllDeclaration: (node) => imported(node, node.source),
      ImportExpression: (node) => imported(node, node.source),
      CallExpression(node) {
        if (node.callee.type === 'Identifier' && node.callee.name === 'require') imported(node, node.arguments[0])
      },
      MemberExpression(node) {
        const name = node.property.type === 'Identifier' && !node.computed ? node.property.name : undefined
        const literal = node.property.type === 'Literal' ? node.property.value : undefined
        const property = name ?? (typeof literal === 'string' ? literal : '')
        if (node.object.type === 'Identifier' && ROOTS.has(node.object.name) && GLOBALS.has(property)) report(node, property)
      },
      'Program:exit'(node) {
        const scope = context.sourceCode.getScope(node)
        const declared = [...GLOBALS].flatMap((name) => {
          const variable = scope.set.get(name)
          return variable !== undefined && variable.defs.length === 0 ? variable.references : []
        })
        const unresolved = scope.through.filter(({ identifier }) => GLOBALS.has(identifier.name))
        for (const { identifier } of new Set([...declared, ...unresolved])) {
          report(identifier as unknown as Rule.Node, identifier.name)
        }
      },
    }
  },
}

/** ESLint's plugin: `plugins: { chancery }, rules: { 'chancery/no-bare-client': 'error' }`. */
const plugin: { meta: { name: string }; rules: Record<'no-bare-client', Rule.RuleModule>; configs: { recommended: Linter.Config } } = {
  meta: { name: '@chancery/egress' },
  rules: { 'no-bare-client': noBareClient },
  configs: { recommended: {} },
}
plugin.configs.recommended = { plugins: { chancery: plugin }, rules: { 'chancery/no-bare-client': 'error' } }

export default plugin
