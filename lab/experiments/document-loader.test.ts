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

function aHost() {
  const loaded: Loaded[] = []
  const fail = { next: false }
  const agent = { hostId: 'jetson', pid: ++lastPid, startedAt: 1, bootId: 'a' }
  const call = async (method: string, params: Loaded): Promise<unknown> => {
    if (method === 'hello') return { ...agent }
    if (fail.next) throw new Error('the host is gone')
    loaded.push(params)
    restartDuring.splice(0, 1).forEach((restart) => restart())
    return null
  }
  /** What happens while the next documents are given. */
  const restartDuring: (() => void)[] = []
  return { client: { call } as unknown as InferenceClient, loaded, fail, agent, restartDuring }
}
let lastPid = 0

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

it('gives them again to an agent that was started again, though the client is the same', async () => {
  const loader = new DocumentLoader(aFolder('text'))
  const { client, loaded, agent } = aHost()
  await loader.load(client, parameters(10))
  // Another process, the same process id in a later start, and after a reboot that set the clock back.
  for (const change of [{ pid: agent.pid + 1_000 }, { startedAt: 2 }, { bootId: 'b' }]) {
    Object.assign(agent, change)
    loaded.length = 0
    await loader.load(client, parameters(10))
    await loader.load(client, parameters(10))
    expect(loaded).toHaveLength(1)
  }
})

it('begins anew when the agent is started again meanwhile, and gives up one that never stays', async () => {
  const loader = new DocumentLoader(aFolder('x'.repeat(600_000), 3))
  const { client, loaded, agent, restartDuring } = aHost()
  restartDuring.push(() => agent.startedAt++)
  await loader.load(client, parameters(50_000))
  expect(loaded.slice(-3).map(({ from }) => from)).toEqual([0, 1, 2])
  expect(loaded).toHaveLength(6)
  agent.startedAt++
  const restarts = Array.from({ length: 9 }, () => () => void agent.startedAt++)
  restartDuring.push(...restarts)
  await expect(loader.load(client, parameters(50_000))).rejects.toMatchObject({ code: 'host_down' })
})
