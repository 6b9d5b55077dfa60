import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { writeRandomModel } from '../random-model'

/** The tiny model in a file of its own, until the tests of this file are over. @returns its path */
export async function tinyModelFile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'skymemory-model-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'tiny.gguf')
  await writeRandomModel(file, { shape: 'tiny', seed: 1 })
  return file
}
