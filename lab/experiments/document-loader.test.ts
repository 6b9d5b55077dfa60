import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { defaultParameters } from '#shared/experiment/parameters'
import type { InferenceClient } from '../hosts/lab-hosts'
import { temporaryFolder } from '../testing/folders'
import { DocumentLoader } from './document-loader'

interface Loaded {
  readonly from: number
  readonly documents: readonly { readonly title: string; readonly text: string }[]
}

function aHost(): { client: InferenceClient; loaded: Loaded[]; fail: { next: boolean } } {
  const loaded: Loaded[] = []
  const fail = { next: false }
  const call = async (_method: string, params: Loaded): Promise<void> => {
    if (fail.next) throw new Error('the host is gone')
    loaded.push(params)
  }
  return { client: { call } as unknown as InferenceClient, loaded, fail }
}

const parameters = (document_tokens: number, documents = 'sotu') => ({
  ...defaultParameters,
  document_tokens,
  documents,
})

function aFolder(text: string, files = 1): string {
  const folder = temporaryFolder()
  for (let file = 0; file < files; file++) writeFileSync(join(folder, `${file}.txt`), text)
  return folder
}

it('gives a host what it does not hold yet: other documents, another length of them, another host', async () => {
  const loader = new DocumentLoader(aFolder('Fellow citizens. '.repeat(100)))
  const [one, two] = [aHost(), aHost()]
  await loader.load(one.client, parameters(10))
  await loader.load(one.client, parameters(10))
  expect(one.loaded.map(({ documents }) => documents[0]?.text.length)).toEqual([120])
  await loader.load(one.client, parameters(20))
  expect(one.loaded.map(({ documents }) => documents[0]?.text.length)).toEqual([120, 240])
  await loader.load(one.client, parameters(20, aFolder('mine')))
  expect(one.loaded.at(-1)?.documents).toEqual([{ title: '0', text: 'mine' }])
  await loader.load(two.client, parameters(20))
  expect([one.loaded.length, two.loaded.length]).toEqual([3, 1])
})

it('replaces what the host held with the first message, and adds the others to it', async () => {
  const loader = new DocumentLoader(aFolder('x'.repeat(600_000), 3))
  const { client, loaded } = aHost()
  await loader.load(client, parameters(50_000))
  expect(loaded.map(({ from, documents }) => [from, documents.map(({ title }) => title)])).toEqual([
    [0, ['0']],
    [1, ['1']],
    [2, ['2']],
  ])
})

it('does not take for loaded what did not arrive', async () => {
  const loader = new DocumentLoader(aFolder('text'))
  const { client, loaded, fail } = aHost()
  await loader.load(client, parameters(10))
  fail.next = true
  await expect(loader.load(client, parameters(20))).rejects.toThrow('the host is gone')
  fail.next = false
  await loader.load(client, parameters(10))
  expect(loaded).toHaveLength(2)
})
