import { npm } from '../scripts/lib/packages.mjs'

/** Why llama.cpp cannot be downloaded here; '' = the registry that npm is set up for has it. */
export async function registryMissing(): Promise<string> {
  const { code, output } = await npm(['view', 'node-llama-cpp@3.22.1', 'version'], { limitS: 30 })
  return code === 0 ? '' : `no package registry answers: ${output.trim()}`
}
