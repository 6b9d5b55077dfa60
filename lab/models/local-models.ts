import { join } from 'node:path'
import type { LocalModel, LocalModelProgress } from '#shared/contract/local-model-api'
import { fitsQ8, kvcBytesPerToken } from '#shared/gguf/kvc-bytes'
import { whatDoesNotFit, whatNeverFits } from '#shared/gguf/model-fit'
import { makeDirectory } from '../make-directory'
import { storageError } from '../store/storage-errors'
import { readModelFile } from './model-file'
import type { KeptModel, ModelStore } from './model-store'
import { writeRandomModel } from './random-model'
import { thisMachine } from './this-machine'

/** The longest context that is looked at without being asked for, tokens. */
export const usualContext = 4_096
const randomName = 'random-tiny'

export interface LocalModelWork {
  readonly signal: AbortSignal
  readonly onProgress: (progress: LocalModelProgress) => void
}

/** What is kept, what its headers say, and whether it can be run here: at f16 with a usual context. */
export async function describeLocalModels(store: ModelStore): Promise<LocalModel[]> {
  return Promise.all((await store.list()).map(described))
}

async function described(kept: KeptModel): Promise<LocalModel> {
  const unknown = { architecture: null, quantisation: null, parameters: null, bytesPerToken: null }
  const found = kept.state === 'present' ? await readModelFile(kept.path).catch(() => null) : null
  if (found === null) return { ...kept, ...unknown, problems: [] }
  const { shape, bytes } = found
  const { freeMemoryBytes, problem } = thisMachine()
  const isPlain = whatNeverFits(shape, Infinity).length === 0
  const problems = whatDoesNotFit(shape, {
    contextTokens: Math.min(usualContext, shape.trainContextTokens || usualContext),
    batchTokens: 128,
    kvType: 'f16',
    fileBytes: bytes,
    freeMemoryBytes,
  })
  return {
    ...kept,
    architecture: shape.architecture,
    quantisation: shape.quantisation,
    parameters: shape.parameters,
    bytesPerToken: {
      f16: isPlain ? kvcBytesPerToken(shape, 'f16') : null,
      q8_0: isPlain && fitsQ8(shape) ? kvcBytesPerToken(shape, 'q8_0') : null,
    },
    problems: problem === null ? problems : [problem, ...problems],
  }
}

/** @throws as `ModelStore.add` */
export async function addLocalModel(
  store: ModelStore,
  file: string,
  { signal, onProgress }: LocalModelWork,
): Promise<KeptModel> {
  let step: LocalModelProgress['step'] = 'read'
  const { model } = await store.add(file, null, {
    signal,
    onStep: (next) => (step = next),
    onProgress: (bytes, total) => onProgress({ step, fraction: bytes / total }),
  })
  return model
}

/**
 * Make a tiny model of random weights in the store's folder. It has one name and one seed: there is one of it.
 * @throws SkyError `storage_full`, `storage_unwritable`, `cancelled`
 */
export async function addRandomModel(store: ModelStore, work: LocalModelWork): Promise<KeptModel> {
  const kept = (await store.list()).find(({ name }) => name === randomName)
  if (kept?.state === 'present') return kept
  const file = join(store.directory, `${randomName}.gguf`)
  await makeDirectory(store.directory).catch((thrown: unknown) => {
    throw storageError(thrown, store.directory, 'storage_unwritable')
  })
  await writeRandomModel(
    file,
    { shape: 'tiny', seed: 1 },
    {
      signal: work.signal,
      onProgress: (bytes, total) => work.onProgress({ step: 'write', fraction: bytes / total }),
    },
  )
  return addLocalModel(store, file, work)
}
