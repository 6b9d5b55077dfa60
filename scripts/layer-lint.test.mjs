import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'
import { root } from './lib/paths.mjs'

/**
 * The import rules bite. Each case gives ESLint a file that does not exist, with the configuration of the house; rules that
 * need types are switched off, because the compiler knows no such file.
 */
const lint = new ESLint({
  cwd: root,
  overrideConfig: [
    {
      files: ['**/*.{ts,mjs}'],
      languageOptions: { parserOptions: { project: null, projectService: false } },
    },
  ],
  ruleFilter: ({ ruleId }) =>
    ['boundaries/dependencies', 'no-restricted-imports', 'no-restricted-syntax'].includes(ruleId),
})

/**
 * @param {string} filePath
 * @param {string} code
 */
async function problems(filePath, code) {
  const [result] = await lint.lintText(code, { filePath })
  return result?.messages.map(({ ruleId, message }) => `${ruleId}: ${message}`) ?? []
}

describe('layers', { timeout: 60_000 }, () => {
  it.each([
    ['shared/invented.ts', 'lab', "import { storageErrors } from '#lab/store/storage-errors'"],
    ['shared/invented.ts', 'renderer', "import { unwrap } from '../renderer/desktop-api'"],
    ['agent/invented.ts', 'lab', "import { storageErrors } from '#lab/store/storage-errors'"],
    ['lab/invented.ts', 'agent', "import { log } from '#agent/log'"],
    ['lab/invented.ts', 'electron', "import { appFile } from '#electron/security/app-files'"],
    ['cli/invented.ts', 'electron', "import { appFile } from '#electron/security/app-files'"],
    ['electron/invented.ts', 'renderer', "import { unwrap } from '../renderer/desktop-api'"],
    ['renderer/invented.ts', 'lab', "import { storageErrors } from '#lab/store/storage-errors'"],
    ['renderer/pages/invented.ts', 'electron', "import type { appFile } from '#electron/security/app-files'"],
  ])('%s may not import %s', async (file, to, code) => {
    const from = file.split('/')[0]
    expect(await problems(file, code)).toEqual([
      `boundaries/dependencies: ${from} may not import ${to}: see the layers in eslint.config.mjs`,
    ])
  })

  it.each([
    ['shared/invented.ts', "import { SkyError } from './contract/errors'"],
    ['agent/invented.ts', "import { SkyError } from '#shared/contract/errors'"],
    ['lab/invented.ts', "import { readFile } from 'node:fs/promises'"],
    ['electron/invented.ts', "import { app } from 'electron'"],
    ['renderer/invented.ts', "import { ref } from 'vue'"],
    ['e2e/invented.ts', "import { storageErrors } from '#lab/store/storage-errors'"],
  ])('%s may: %s', async (file, code) => {
    expect(await problems(file, code)).toEqual([])
  })
})

describe('packages', { timeout: 60_000 }, () => {
  it.each([
    ['shared/invented.ts', 'node:fs', "import { readFileSync } from 'node:fs'"],
    ['renderer/invented.ts', 'node:path', "import { join } from 'node:path'"],
    ['lab/invented.ts', 'electron', "import { app } from 'electron'"],
    ['renderer/invented.ts', 'electron', "import { ipcRenderer } from 'electron'"],
    ['cli/invented.ts', '@duckdb/node-api', "import { DuckDBInstance } from '@duckdb/node-api'"],
  ])('%s may not import %s', async (file, name, code) => {
    const found = await problems(file, code)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`'${name}' import is restricted`)
    expect(found[0]).toContain(`is not for the layer ${file.split('/')[0]}.`)
  })
})

describe('IPC', { timeout: 60_000 }, () => {
  it.each([
    ['electron/window/invented.ts', "import { ipcMain } from 'electron'", 'Raw IPC'],
    ['electron/invented.ts', "import { ipcRenderer } from 'electron'", 'Raw IPC'],
    ['electron/invented.ts', "window.webContents.send('x', 1)", 'Raw webContents.send'],
    ['electron/window/invented.ts', "contents.postMessage('x', null, [])", 'Raw webContents.postMessage'],
  ])('%s may not: %s', async (file, code, message) => {
    const found = await problems(file, code)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(message)
  })

  it('goes through the wrappers', async () => {
    const code = "import { ipcMain } from 'electron'\ncontents.send('x', 1)"
    expect(await problems('electron/ipc/invented.ts', code)).toEqual([])
  })
})

it('refuses default exports', async () => {
  const found = await problems('shared/invented.ts', 'export default 1')
  expect(found).toEqual([expect.stringContaining('Export by name')])
})
