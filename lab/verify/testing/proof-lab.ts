import { join } from 'node:path'
import type { Proof } from '#shared/contract/proof-api'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { LabHosts } from '../../hosts/lab-hosts'
import { localLab } from '../../local/local-lab'
import { killHost } from '../kill-host'
import { verifyModel, type VerifyOptions } from '../verify-model'

const root = join(import.meta.dirname, '../../..')
const quiet = (): void => undefined

/** 5x3 satellites, with blocks so short that a small prompt has several. */
export const proofParameters: ParameterValues = {
  ...defaultParameters,
  slots: 5,
  planes: 3,
  centre_slot: 2,
  centre_plane: 1,
  engine: 'llama',
  model: 'tiny',
  block_tokens: 32,
  context_tokens: 256,
  threads: 1,
}
export const proofText =
  'A satellite keeps what the model has read, and gives it back to whoever asks again. '.repeat(20)

/** Each step of the proof of a prompt of four blocks, with the blocks that come out of the cache. */
export const everyStep = [
  ['cold, twice', 0],
  ['first time with the cache', 0],
  ['warm', 4],
  ['warm, in another process', 4],
  ['with a lost chunk', 1],
  ['after it was stored again', 4],
  ['with a corrupt chunk', 1],
  ['after it was stored again', 4],
  ['after a migration', 4],
  ['self-check: spoilt values', 4],
  ['in satellites that are full', 4],
  ['after eviction', 2],
]

/** Local labs in a folder, which run the models of its folder `models`. */
export function proofLab(folder: string) {
  const modelsDirectory = join(folder, 'models')
  const { signal } = new AbortController()
  const start = localLab({
    nodeExecutable: process.execPath,
    agentEntry: join(root, 'out/agent/skymemory-agent.mjs'),
    journalDirectory: join(folder, 'journals'),
    models: { packageFolder: join(root, 'agent/llama'), modelsDirectory },
  })

  async function withLab<T>(act: (lab: LabHosts) => Promise<T>): Promise<T> {
    const lab = await start({ slots: 5, planes: 3 }, quiet, quiet, signal)
    try {
      return await act(lab)
    } finally {
      await lab.stop()
    }
  }

  const verify = (changes: Partial<ParameterValues>, more: Partial<VerifyOptions> = {}): Promise<Proof> =>
    withLab((lab) =>
      verifyModel(lab, {
        parameters: { ...proofParameters, ...changes },
        text: proofText,
        promptTokens: 140,
        maxTokens: 5,
        endProcess: killHost,
        signal,
        onProgress: quiet,
        ...more,
      }),
    )

  return { modelsDirectory, withLab, verify }
}
