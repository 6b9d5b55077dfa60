import { open, type FileHandle } from 'node:fs/promises'
import { SkyError } from '#shared/contract/errors'
import { glibcProblem, hindrances, whatDoesNotFit, type ModelProblem } from '#shared/gguf/model-fit'
import { modelShape, type ModelShape } from '#shared/gguf/model-shape'
import { readHeader } from '#shared/gguf/read-header'
import type { ModelSettings } from '../../../model/model-control'
import type { Log } from '../../../log'

/**
 * Everything that can be known before a model is loaded, from the header of its file: llama.cpp ends its process, or fills the
 * machine's memory, where this refuses.
 * @throws SkyError `not_found`, `invalid_model`, `not_supported` with all that does not fit
 */
export async function checkModel(settings: ModelSettings, log: Log): Promise<ModelShape> {
  const { modelFile: path, kvType, contextTokens, batchTokens } = settings
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new SkyError('not_found', `The model ${path} cannot be read: ${error.message}`, 'Look at the path.')
  })
  try {
    const { size } = await file.stat()
    const header = await readHeader({
      name: path,
      bytes: size,
      readFirst: (bytes) => firstBytes(file, bytes),
    })
    const library = glibcProblem(glibcVersion())
    const shape = modelShape(path, header)
    const problems = whatDoesNotFit(shape, {
      kvType,
      contextTokens,
      batchTokens,
      fileBytes: size,
      freeMemoryBytes: process.availableMemory(),
    })
    judge(path, library === null ? problems : [library, ...problems], log)
    return shape
  } finally {
    await file.close()
  }
}

function judge(path: string, problems: readonly ModelProblem[], log: Log): void {
  const errors = hindrances(problems)
  for (const { severity, message } of problems) if (severity === 'warning') log.warn(`${path}: ${message}`)
  const [first] = errors
  if (first === undefined) return
  const message = errors.map((problem) => problem.message).join(' ')
  throw new SkyError('not_supported', `${path} cannot be run here. ${message}`, first.hint, {
    problems: errors,
  })
}

/** A read may give less than it was asked for; fewer bytes come out only where the file ends. */
async function firstBytes(file: FileHandle, bytes: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

function glibcVersion(): string | null {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime ?? null
}
