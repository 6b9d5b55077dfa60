import { startTestLab, type TestLab } from '#agent/testing/agent-process'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { RandomModelShape } from '#lab/models/random-model'

const constellation = { slots: 5, planes: 3, centre_slot: 2, centre_plane: 1 } as const
let trials = 0

/** Parameters of everything that is measured with a real model: link delay off, blocks of 128 tokens, KV in f16. */
export const llamaParameters = (model: RandomModelShape): ParameterValues => ({
  ...defaultParameters,
  ...constellation,
  engine: 'llama',
  model,
  satellite_bytes: 2 ** 30,
  context_tokens: 4_096,
})

/** Satellites on hosts of their own, and an inference host that runs models. */
export function startLlamaLab(packageFolder: string, modelsDirectory: string): Promise<TestLab> {
  const { slots, planes } = constellation
  return startTestLab(slots, planes, planes, { llama: { packageFolder, modelsDirectory } })
}

/** From now on the satellites hold nothing. */
export async function emptySatellites(lab: TestLab, parameters: ParameterValues): Promise<void> {
  const trialKey = `bench-${++trials}`
  for (const host of lab.satellites) await host.control.call('prepareTrial', { trialKey, parameters })
}
