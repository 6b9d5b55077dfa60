import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeDirectory } from './make-directory'
import { temporaryFolder } from './testing/folders'

describe('makeDirectory', () => {
  it('makes what is missing, and minds nothing that is there', async () => {
    const path = join(temporaryFolder(), 'a', 'b', 'c')
    await Promise.all([makeDirectory(path), makeDirectory(path)])
    await makeDirectory(path)
    expect(existsSync(path)).toBe(true)
  })

  it('fails where a file is in the way', async () => {
    const file = join(temporaryFolder(), 'file')
    await writeFile(file, '')
    await expect(makeDirectory(file)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeDirectory(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  it.runIf(process.platform === 'linux')('fails where nothing can be made, instead of waiting', async () => {
    await expect(makeDirectory('/proc/nowhere/below')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
