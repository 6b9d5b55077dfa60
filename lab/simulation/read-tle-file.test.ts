import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { readTleFile } from './read-tle-file'

describe('reading a file of element sets', () => {
  const file = (name: string, content: string | Buffer): string => {
    const path = join(temporaryFolder(), name)
    writeFileSync(path, content)
    return path
  }

  it('gives its text', async () => {
    expect(await readTleFile(file('a.tle', 'STARLINK é\r\n'))).toBe('STARLINK é\r\n')
  })

  it('refuses what is no such file', async () => {
    const folder = temporaryFolder()
    await expect(readTleFile(join(folder, 'none.tle'))).rejects.toThrow(/none\.tle cannot be read: ENOENT/)
    mkdirSync(join(folder, 'folder.tle'))
    await expect(readTleFile(join(folder, 'folder.tle'))).rejects.toThrow(
      /folder\.tle cannot be read: EISDIR/,
    )
    await expect(readTleFile(file('latin.tle', Buffer.from([0x53, 0xe9, 0x0a])))).rejects.toThrow(/not UTF-8/)
    await expect(readTleFile(file('a.gz', gzipSync('text')))).rejects.toThrow(/a\.gz is compressed by gzip/)
  })

  it('does not read a file of 2 GB', async () => {
    const path = file('long.tle', '')
    truncateSync(path, 2 * 1024 ** 3)
    await expect(readTleFile(path)).rejects.toThrow(/long\.tle has 2147483648 bytes: too long/)
  })
})
