import type { TestLab } from '#agent/testing/agent-process'
import { childProcesses } from '#agent/testing/child-processes'
import { untilStored } from '#agent/testing/prometheus'
import { residentBytes } from '#agent/testing/resident-memory'
import type { ParameterValues } from '#shared/experiment/parameters'
import { emptySatellites } from './llama-lab'
import { median } from './measure'

const requests = 200
/** Each prompt is computed and stored once, then restored until the next one takes its place. */
const requestsPerPrompt = 20
const readingEvery = 10
const [blocks, tailTokens, outputTokens] = [2, 8, 2]
/** Of both processes together. Their heaps waver; the state of one request in ten, kept, would be 87 MB with the 1.1B shape. */
const growthTargetBytes = 64e6

interface Reading {
  readonly requests: number
  /** Resident memory of the inference host, and of its model's process. */
  readonly hostBytes: number
  readonly modelBytes: number
}

export interface MemoryReport {
  readonly readings: readonly Reading[]
  /** Median of the last quarter of the requests above that of the second one, bytes; negative = it has shrunk. */
  readonly growthBytes: number
  readonly growthTargetBytes: number
  readonly met: boolean
}

/**
 * Memory over requests to the OpenAI-compatible API, as clients send them.
 * @throws Error when a prompt is not found in the cache that was asked before, or is where it was not
 */
export async function measureLlamaMemory(lab: TestLab, parameters: ParameterValues): Promise<MemoryReport> {
  await emptySatellites(lab, parameters)
  const { url } = await lab.inference.control.call('serveApi', { parameters, port: 0 })
  if (url === null) throw new Error('no API is served')
  const readings: Reading[] = []
  for (let request = 0; request < requests; request++) {
    const cached = request % requestsPerPrompt === 0 ? 0 : blocks * parameters.block_tokens
    const found = await complete(url, parameters, Math.floor(request / requestsPerPrompt))
    if (found !== cached) throw new Error(`request ${request}: ${found} cached tokens instead of ${cached}`)
    if ((request + 1) % readingEvery === 0) readings.push({ requests: request + 1, ...memoryOf(lab) })
  }
  await lab.inference.control.call('serveApi', { parameters: null, port: 0 })
  const growthBytes = growthOf(readings)
  return { readings, growthBytes, growthTargetBytes, met: growthBytes <= growthTargetBytes }
}

/** Tokens, which differ from those of other prompts in their first block. */
function promptOf(number: number, { block_tokens }: ParameterValues): number[] {
  const length = blocks * block_tokens + tailTokens
  return Array.from({ length }, (_, i) => (i === 0 ? 1 : 1_000 + ((number * 97 + i * 31) % 20_000)))
}

/** Ask for an answer to the prompt of this number; returns the tokens that came out of the cache. */
async function complete(url: string, parameters: ParameterValues, number: number): Promise<number> {
  const { model } = parameters
  const prompt = promptOf(number, parameters)
  const response = await fetch(`${url}/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, prompt, max_tokens: outputTokens, temperature: 0 }),
  })
  const text = await response.text()
  // Blocks are stored behind the answer.
  await untilStored(url, model)
  if (!response.ok) throw new Error(`the API answered ${response.status}: ${text}`)
  const { usage } = JSON.parse(text) as { usage: { prompt_tokens_details: { cached_tokens: number } } }
  return usage.prompt_tokens_details.cached_tokens
}

function memoryOf(lab: TestLab): Pick<Reading, 'hostBytes' | 'modelBytes'> {
  const host = lab.inference.child.pid ?? 0
  const [model = 0] = childProcesses(host)
  return { hostBytes: residentBytes(host, 'now'), modelBytes: residentBytes(model, 'now') }
}

function growthOf(readings: readonly Reading[]): number {
  const quarter = readings.length / 4
  const ofQuarter = (index: number): number =>
    median(
      readings
        .slice(index * quarter, (index + 1) * quarter)
        .map(({ hostBytes, modelBytes }) => hostBytes + modelBytes),
    )
  return ofQuarter(3) - ofQuarter(1)
}
