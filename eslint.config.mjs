import js from '@eslint/js'
import boundaries from 'eslint-plugin-boundaries'
import vue from 'eslint-plugin-vue'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Which layer may import which. This is the law of the house: docs/decisions/0013-layers.md */
const layers = {
  shared: ['shared'],
  agent: ['agent', 'shared'],
  lab: ['lab', 'shared'],
  cli: ['cli', 'lab', 'shared'],
  electron: ['electron', 'lab', 'shared'],
  renderer: ['renderer', 'shared'],
  scripts: ['scripts', 'shared'],
  bench: ['bench', 'scripts', 'lab', 'agent', 'shared'],
  e2e: ['e2e', 'scripts', 'renderer', 'electron', 'cli', 'lab', 'agent', 'shared'],
}

/**
 * One TypeScript project a layer, and one for the tests of shared, which may read files where shared may not.
 * @param {string} layer
 */
function typeProjects(layer) {
  return layer === 'shared'
    ? ['shared/tsconfig.json', 'shared/tsconfig.test.json']
    : [`${layer}/tsconfig.json`]
}

/** Packages that belong to one layer's runtime. */
const packagesOfLayers = {
  electron: ['electron', 'e2e'],
  'node:*': ['agent', 'lab', 'cli', 'electron', 'scripts', 'bench', 'e2e'],
  vue: ['renderer'],
  pinia: ['renderer'],
  'vue-router': ['renderer'],
  'chart.js': ['renderer'],
  '@duckdb/node-api': ['lab'],
  piscina: ['lab'],
  '@resvg/resvg-wasm': ['lab'],
  ioredis: ['bench'],
}

const isTest = ['**/*.test.ts', '**/*.test.mjs', '**/testing/**']
const configFiles = ['**/*.config.ts', '**/*.config.mjs']

const layerRule = {
  default: 'disallow',
  message: '{{from.element.type}} may not import {{to.element.type}}: see the layers in eslint.config.mjs',
  policies: [
    ...Object.entries(layers).map(([from, allowed]) => ({
      from: { element: { type: from } },
      allow: { to: { element: { types: { anyOf: allowed } } } },
    })),
    { allow: { to: { module: { origin: ['external', 'core'] } } } },
  ],
}

/** @param {string} layer */
function foreignPackages(layer) {
  return Object.entries(packagesOfLayers)
    .filter(([, users]) => !users.includes(layer))
    .map(([name]) => ({ group: [name], message: `${name} is not for the layer ${layer}.` }))
}

const defaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: a default export has another name in every file that imports it.',
}

const rawIpc = [
  {
    selector: "CallExpression[callee.property.name='send']",
    message: 'Raw webContents.send: use tellWindow of electron/ipc/, which knows the event types.',
  },
  {
    selector:
      "CallExpression[callee.property.name='postMessage'][callee.object.name=/contents|sender|window/i]",
    message: 'Raw webContents.postMessage: use the wrappers of electron/ipc/.',
  },
]

const rawIpcImports = [
  {
    name: 'electron',
    importNames: ['ipcMain', 'ipcRenderer'],
    message: 'Raw IPC: use the wrappers of electron/ipc/.',
  },
]

export default defineConfig(
  globalIgnores(['out/', 'dist/', 'results/', 'node_modules/', 'test-results/', 'playwright-report/']),
  js.configs.recommended,
  {
    files: ['**/*.ts', 'scripts/**/*.mjs'],
    ignores: configFiles,
    extends: [tseslint.configs.recommendedTypeChecked],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Handlers of the contract may answer at once or later; `async` says that they answer by a promise.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  ...Object.keys(layers).map((layer) => ({
    files: [`${layer}/**/*.{ts,mjs}`],
    languageOptions: {
      parserOptions: { project: typeProjects(layer), tsconfigRootDir: import.meta.dirname },
    },
  })),
  {
    // JavaScript states the type of parsed JSON in a comment, which these rules do not see; the compiler does.
    files: ['scripts/**/*.mjs'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  { files: configFiles, extends: [tseslint.configs.recommended] },
  {
    files: ['**/*.vue'],
    extends: [tseslint.configs.recommended, vue.configs['flat/recommended']],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      // Layout is the formatter's business.
      ...Object.fromEntries(Object.keys(formattingRules()).map((rule) => [rule, 'off'])),
      // Names are checked by vue-tsc.
      'no-undef': 'off',
      'vue/no-v-html': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
    },
  },
  {
    files: ['**/*.{ts,mjs,vue}'],
    plugins: { boundaries },
    settings: {
      'boundaries/root-path': import.meta.dirname,
      'boundaries/elements': Object.keys(layers).map((type) => ({ type, pattern: type })),
      'import/resolver': {
        typescript: { project: Object.keys(layers).flatMap(typeProjects), noWarnOnMultipleProjects: true },
      },
    },
    rules: {
      'boundaries/dependencies': ['error', layerRule],
      'no-undef': 'off',
      'no-restricted-syntax': ['error', defaultExport],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
    },
  },
  ...Object.keys(layers).map((layer) => ({
    files: [`${layer}/**/*.{ts,mjs,vue}`],
    ignores: isTest,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: foreignPackages(layer),
          paths: layer === 'electron' ? rawIpcImports : [],
        },
      ],
    },
  })),
  {
    files: ['electron/**/*.ts'],
    ignores: ['electron/ipc/**', 'electron/engine/**'],
    rules: { 'no-restricted-syntax': ['error', defaultExport, ...rawIpc] },
  },
  {
    // The wrappers themselves, and the preload, which is one.
    files: ['electron/ipc/**/*.ts', 'electron/preload.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: foreignPackages('electron') }] },
  },
  {
    files: ['electron/preload.ts', 'e2e/global-setup.ts', ...configFiles],
    rules: { 'no-restricted-syntax': 'off' },
  },
)

/** Rules of eslint-plugin-vue that are about layout: Prettier decides there. */
function formattingRules() {
  return Object.fromEntries(
    Object.entries(vue.rules)
      .filter(([, rule]) => rule.meta?.type === 'layout')
      .map(([name]) => [`vue/${name}`, 'off']),
  )
}
