import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../testing/folders'
import { documentsFolder, portions, readDocuments } from './documents'

it('reads the beginnings of the .txt files in the order of their names', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'b.txt'), 'ü'.repeat(1_000))
  writeFileSync(join(folder, 'a.TXT'), '\ufeffshort')
  writeFileSync(join(folder, 'LICENSE'), 'not a document')
  expect(await readDocuments(folder, 2)).toEqual([
    { title: 'a.TXT', text: 'short' },
    { title: 'b', text: 'ü'.repeat(24) },
  ])
})

it('reads them in the order of their names, whichever was written first', async () => {
  const folder = temporaryFolder()
  for (const name of ['c', 'a', 'd', 'b']) writeFileSync(join(folder, `${name}.txt`), name)
  expect((await readDocuments(folder, 2)).map(({ title }) => title)).toEqual(['a', 'b', 'c', 'd'])
})

it('may cut a file within a character, which is then left out', async () => {
  const folder = temporaryFolder()
  // 24 characters are wanted and up to 96 bytes read for them: the last one ends in the middle of a character.
  writeFileSync(join(folder, 'a.txt'), `x${'€'.repeat(1_000)}`)
  expect(await readDocuments(folder, 2)).toEqual([{ title: 'a', text: `x${'€'.repeat(23)}` }])
})

it.each([
  ['a folder that is not there', (folder: string) => join(folder, 'none')],
  [
    'a file',
    (folder: string) => {
      writeFileSync(join(folder, 'file.txt'), 'x')
      return join(folder, 'file.txt')
    },
  ],
  ['an empty folder', (folder: string) => folder],
  [
    'a file that is no text',
    (folder: string) => {
      writeFileSync(join(folder, 'binary.txt'), Buffer.from([0xff, 0xfe, 0x00, 0xd8]))
      return folder
    },
  ],
  [
    'a folder named like a file',
    (folder: string) => {
      mkdirSync(join(folder, 'folder.txt'))
      return folder
    },
  ],
])('refuses %s', async (_, make) => {
  const path = make(temporaryFolder())
  await expect(readDocuments(path, 10)).rejects.toMatchObject({ code: 'documents_unreadable' })
})

it.skipIf(process.getuid?.() === 0)('refuses a file that it may not read', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'secret.txt'), 'x')
  chmodSync(join(folder, 'secret.txt'), 0)
  await expect(readDocuments(folder, 10)).rejects.toMatchObject({ code: 'documents_unreadable' })
})

it('knows where the State of the Union addresses lie', () => {
  expect(documentsFolder('sotu', '/app/documents')).toBe('/app/documents')
  expect(documentsFolder('/my/texts', '/app/documents')).toBe('/my/texts')
})

it('cuts a large set into messages, in order, and keeps a document whole', () => {
  const documents = Array.from({ length: 7 }, (_, index) => ({
    title: `${index}`,
    text: 'x'.repeat(index === 3 ? 2_000_000 : 400_000),
  }))
  const messages = [...portions(documents)]
  expect(messages.flat()).toEqual(documents)
  expect(messages.map((message) => message.length)).toEqual([2, 1, 1, 2, 1])
  expect([...portions([])]).toEqual([])
})
