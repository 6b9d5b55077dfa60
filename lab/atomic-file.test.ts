import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeFileAtomically } from './atomic-file'
import { smallDisk, temporaryFolder } from './testing/folders'

it('writes a file with its folder and mode, and replaces it', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'a', 'b.json')
  await writeFileAtomically(path, 'one', 0o600)
  await writeFileAtomically(path, 'two', 0o600)
  expect(readFileSync(path, 'utf8')).toBe('two')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'a'))).toEqual(['b.json'])
})

it('leaves nothing of a write that fails', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'taken'))
  await expect(writeFileAtomically(join(folder, 'taken'), 'x', 0o600)).rejects.toMatchObject({
    code: 'storage_unwritable',
  })
  expect(readdirSync(folder)).toEqual(['taken'])
})

it('keeps the old file when the disk is full', async ({ skip }) => {
  const disk = smallDisk(1)
  if (!disk) return skip('this user may not mount a disk to fill')
  try {
    const path = join(disk.path, 'file')
    writeFileSync(path, 'old')
    disk.fill()
    await expect(writeFileAtomically(path, 'x'.repeat(100_000), 0o600)).rejects.toMatchObject({
      code: 'storage_full',
    })
    expect(readFileSync(path, 'utf8')).toBe('old')
  } finally {
    disk.unmount()
  }
})
