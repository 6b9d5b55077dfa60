import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { StateFolder } from './state-folder'

const parent = mkdtempSync(join(tmpdir(), 'sky-states-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))

test('a state is its parts one after another, and gone once it is removed', async () => {
  const folder = new StateFolder([parent])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 2_500 }), async (parts) => {
      const path = await folder.write(parts)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(Buffer.compare(await folder.read(path), Buffer.concat(parts))).toBe(0)
      await folder.remove(path)
      expect(existsSync(path)).toBe(false)
    }),
    { numRuns: 30 },
  )
  folder.close()
  expect(readdirSync(parent)).toEqual([])
})

test('what another process still uses stays, what a killed one left goes', () => {
  const first = new StateFolder([parent])
  first.newFile()
  const [own = ''] = readdirSync(parent)
  // No process has this number: it is beyond what Linux gives out.
  const left = own.replace(`-${process.pid}-`, '-4194999-')
  const foreign = own.replace(/model-\d+-/, 'model-1-').replace(`-${process.pid}-`, '-4194999-')
  for (const name of [left, foreign]) mkdirSync(join(parent, name))
  const second = new StateFolder([parent])
  // Of another namespace of processes nothing is known.
  expect(readdirSync(parent)).toEqual(expect.arrayContaining([own, foreign]))
  expect(existsSync(join(parent, left))).toBe(false)
  first.close()
  second.close()
  rmSync(join(parent, foreign), { recursive: true })
})

test('a file that was never written is told as such', async () => {
  const folder = new StateFolder([parent])
  await expect(folder.read(folder.newFile())).rejects.toThrow('ENOENT')
  expect(() => readFileSync(folder.newFile())).toThrow()
  folder.close()
})

test('files too large for the first folder lie in the next one', async () => {
  const [small, large] = ['small', 'large'].map((name) => join(parent, name)) as [string, string]
  for (const folder of [small, large]) mkdirSync(folder)
  const { bavail, bsize } = statfsSync(parent)
  const folder = new StateFolder([join(parent, 'missing'), small, large])
  expect(await folder.write([Buffer.alloc(5)])).toContain(small)
  folder.expect(100 * bavail * bsize)
  expect(readdirSync(small)).toEqual([])
  expect(await folder.write([Buffer.alloc(5)])).toContain(large)
  folder.close()
  expect(readdirSync(large)).toEqual([])
})
