import { readFileSync, statSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { shownProblems, type InventorySummary } from '#shared/contract/inventory-api'
import { inventoryYaml } from '#shared/inventory/inventory-yaml'
import { testbedTemplate } from '#shared/inventory/testbed-template'
import { temporaryFolder } from '../testing/folders'
import { InventoryStore } from './inventory-store'

function aStore() {
  const data = temporaryFolder()
  const told: InventorySummary[][] = []
  return { data, told, store: new InventoryStore(data, (summaries) => told.push(summaries)) }
}

it('keeps a lab in a file for its user alone, and tells of every change', async () => {
  const { data, store, told } = aStore()
  expect(await store.list()).toEqual([])
  const lab = testbedTemplate()
  await store.save(lab, null)
  expect(await store.get('testbed')).toEqual(lab)
  const file = join(data, 'labs', 'testbed.yaml')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toMatch(/^name: testbed/)
  await store.save({ ...lab, name: 'attic' }, 'testbed')
  await expect(store.get('testbed')).rejects.toMatchObject({ code: 'not_found' })
  expect(told.map((summaries) => summaries.map(({ name }) => name))).toEqual([['testbed'], ['attic']])
  await store.delete('attic')
  expect(told.at(-1)).toEqual([])
  await expect(store.delete('attic')).rejects.toMatchObject({ code: 'not_found' })
})

it('overwrites no other lab', async () => {
  const { store } = aStore()
  const lab = testbedTemplate()
  await store.save(lab, null)
  await store.save({ ...lab, name: 'other' }, null)
  await expect(store.save(lab, null)).rejects.toMatchObject({ code: 'conflict' })
  await expect(store.save({ ...lab, name: 'other' }, 'testbed')).rejects.toMatchObject({ code: 'conflict' })
  await expect(store.save({ ...lab, name: 'third' }, 'gone')).rejects.toMatchObject({ code: 'not_found' })
  await expect(store.save({ ...lab, name: 'local' }, null)).rejects.toMatchObject({ code: 'conflict' })
  expect((await store.list()).map(({ name }) => name)).toEqual(['other', 'testbed'])
})

it('says of a file that cannot be used where it is wrong, and leaves it as it is', async () => {
  const { data, store } = aStore()
  mkdirSync(join(data, 'labs'))
  const file = join(data, 'labs', 'mine.yaml')
  writeFileSync(file, 'name: mine\nhosts: 3\n')
  expect(await store.list()).toMatchObject([
    {
      name: 'mine',
      problem: expect.stringContaining(`${file}:2:8 cannot be used: hosts must be a list`) as string,
      problems: [{ line: 2, column: 8, path: 'hosts', value: '3' }],
    },
  ])
  await expect(store.get('mine')).rejects.toMatchObject({ code: 'invalid_argument', details: { file } })
  expect(readFileSync(file, 'utf8')).toBe('name: mine\nhosts: 3\n')
})

it.each([
  ['no YAML', 'name: mine\nhosts: [\n', 3],
  ['a wrong schema', '# of the attic\nname: mine\nhosts: 3\n', 3],
  ['the name of another lab', stringify({ ...testbedTemplate(), name: 'other' }), 1],
  ['nothing', '', 1],
])(
  'gives a file that holds %s out as it is, to be repaired, and takes what replaces it',
  async (_, text, line) => {
    const { data, store } = aStore()
    mkdirSync(join(data, 'labs'))
    const file = join(data, 'labs', 'mine.yaml')
    writeFileSync(file, text)
    const { yaml, problems } = await store.yaml('mine')
    expect(yaml).toBe(text)
    expect(problems[0]?.line ?? 1).toBe(line)
    await expect(store.get('mine')).rejects.toMatchObject({
      message: expect.stringContaining(file) as string,
    })
    await store.save({ ...testbedTemplate(), name: 'mine' }, 'mine')
    expect(await store.yaml('mine')).toEqual({
      yaml: inventoryYaml({ ...testbedTemplate(), name: 'mine' }),
      problems: [],
    })
    expect(await store.list()).toMatchObject([{ name: 'mine', problem: null, problems: [] }])
  },
)

it('tells at most some of the problems of a file in a list', async () => {
  const { data, store } = aStore()
  mkdirSync(join(data, 'labs'))
  const keys = Array.from({ length: 200 }, (_, i) => `k${i}: 1`)
  writeFileSync(join(data, 'labs', 'mine.yaml'), ['name: mine', ...keys].join('\n'))
  const [summary] = await store.list()
  expect(summary?.problems).toHaveLength(shownProblems)
  expect(summary?.problem).toMatch(/and \d{3} more$/)
  expect((await store.yaml('mine')).problems.length).toBeGreaterThan(shownProblems)
})
