import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'
import { orbitOptionNames } from '#shared/constellation/orbits/orbit-options'
import { constellationPresetNames } from '#shared/constellation/presets'
import { errorCodes } from '#shared/contract/errors'
import { allowedText, numberText } from '#shared/experiment/allowed'
import {
  requestColumns,
  satelliteColumns,
  timelineColumns,
  trialColumns,
} from '#shared/experiment/csv-columns'
import { parameterNames, parameters } from '#shared/experiment/parameters'
import { inRoot } from './lib/paths.mjs'

/** The documentation says what the code says. `npx vitest run scripts/docs.test.mjs -u` writes the generated table anew. */

/** @param {string} name */
const doc = (name) => readFileSync(inRoot('docs', name), 'utf8')

/** One table a group of parameters, as it stands in docs/experiment-file.md. */
function parameterTables() {
  /** @type {Map<string, string[]>} */
  const groups = new Map()
  for (const name of parameterNames) {
    const { group, label, help } = parameters[name]
    const fallback = parameters[name].default
    const value = typeof fallback === 'number' ? numberText(fallback) : fallback
    const cells = [`\`${name}\``, `${label}. ${help}`, allowedText(parameters[name]), value]
    const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
    groups.set(group, [...(groups.get(group) ?? []), row])
  }
  const head = '| parameter | what it is | allowed | default |\n| --- | --- | --- | --- |'
  return [...groups].map(([group, rows]) => `### Group ${group}\n\n${head}\n${rows.join('\n')}`).join('\n\n')
}

describe('the documentation', () => {
  it('lists every parameter as the code defines it', async () => {
    const path = inRoot('docs', 'experiment-file.md')
    const [before = '', rest = ''] = doc('experiment-file.md').split('<!-- parameters:begin -->')
    const after = rest.split('<!-- parameters:end -->')[1] ?? ''
    const wanted = `${before}<!-- parameters:begin -->\n\n${parameterTables()}\n\n<!-- parameters:end -->${after}`
    const formatted = await format(wanted, { ...(await resolveConfig(path)), parser: 'markdown' })
    await expect(formatted).toMatchFileSnapshot(path)
  })

  it.each([
    ['trials.csv', trialColumns.filter(({ name }) => !parameterNames.some((one) => one === name))],
    ['requests.csv', requestColumns],
    ['satellites.csv', satelliteColumns],
    ['timeline.csv', timelineColumns],
  ])('defines every column of %s', (file, columns) => {
    const section = doc('metrics.md').split(`## ${file}\n`)[1]?.split('\n## ')[0] ?? ''
    const defined = [...section.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1])
    expect(defined).toEqual(columns.map(({ name }) => name))
  })

  it.each([
    ['Options', orbitOptionNames],
    ['Presets', constellationPresetNames],
  ])('explains all orbits: %s', (title, names) => {
    const section = doc('orbits.md').split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
    const explained = [...section.matchAll(/^\| `([\w-]+)`/gm)].map((match) => match[1])
    expect(explained.sort()).toEqual([...names].sort())
  })

  it('explains every error code', () => {
    const section = doc('user-guide.md').split('## Troubleshooting by error code\n')[1] ?? ''
    const explained = [...section.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1])
    expect(explained.sort()).toEqual([...errorCodes].sort())
  })

  it('lists every decision', async () => {
    const decisions = (await readdir(inRoot('docs', 'decisions'))).filter((name) => /^\d{4}-/.test(name))
    const list = doc(join('decisions', 'README.md'))
    expect(decisions.filter((name) => !list.includes(`](${name})`))).toEqual([])
  })

  it('links to files that are there', async () => {
    const names = (await readdir(inRoot('docs'), { recursive: true })).filter((name) => name.endsWith('.md'))
    const files = ['README.md', 'CHANGELOG.md', ...names.map((name) => join('docs', name))]
    const broken = []
    for (const file of files) {
      const text = await readFile(inRoot(file), 'utf8')
      for (const [, target = ''] of text.matchAll(/\[[^\]]*\]\(([^)#\s]+)[^)]*\)/g)) {
        // Pictures are made by `npm run screenshots`; before the first time there are none.
        const isUnmade = target.endsWith('.png') && !existsSync(inRoot('docs', 'screenshots'))
        if (target.startsWith('https:') || isUnmade) continue
        if (!existsSync(inRoot(dirname(file), target))) broken.push(`${file}: ${target}`)
      }
      for (const [, path = ''] of text.matchAll(
        /`((?:shared|agent|lab|cli|electron|renderer|scripts|bench|e2e)\/[\w./-]+)`/g,
      )) {
        if (!existsSync(inRoot(path))) broken.push(`${file}: ${path}`)
      }
    }
    expect(broken).toEqual([])
  })
})
