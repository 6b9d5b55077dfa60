import { readLlamaManifest } from '../lab/models/llama/llama-manifest'
import { npm } from '../scripts/lib/packages.mjs'
import { inRoot } from '../scripts/lib/paths.mjs'

/** Why llama.cpp cannot be downloaded here; '' = the registry that npm is set up for has it. */
export async function registryMissing(): Promise<string> {
  const { version } = await readLlamaManifest(inRoot('agent', 'llama'))
  const { code, output } = await npm(['view', `node-llama-cpp@${version}`, 'version'], { limitS: 30 })
  return code === 0 ? '' : `no package registry answers: ${output.trim()}`
}
