import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import { undeclaredPrefixModel } from '#shared/experiment/trace-parameters'
import { arrivalDefaults } from '#shared/simulation/traces/arrivals'
import { parsePrefixModel } from '#shared/simulation/traces/prefix-model'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import { traits } from '#shared/simulation/traces/trace-format'
import type { TraceOptions } from '#shared/simulation/traces/trace-options'
import { lookAtTrace } from '../../traces/look-at-trace'
import { loadTrace } from '../../traces/read-trace'

/** Options of the command line, and the parameters that say the same in a file. */
const parameterOfFlag: readonly (readonly [flag: string, parameter: string])[] = [
  ['--prefix-model', 'trace_prefix_model'],
  ['--arrival-rate', 'trace_arrival_rate'],
]

/**
 * The trace that an experiment names, read as it declares; null where it names none.
 * @throws SkyError as `loadTrace`, with hints in the words of the file
 */
export async function traceOf(parameters: ParameterValues): Promise<TraceBatch | null> {
  const { trace: path, block_tokens: blockTokens } = parameters
  if (path === 'none') return null
  try {
    const { format } = await lookAtTrace(path)
    // Ids stand for blocks of their own length; where blocks are made here, they are as long as the experiment's.
    const cut = traits[format].publishesBlocks ? {} : { blockTokens }
    return (await loadTrace(path, { ...declaredOptions(parameters), ...cut })).trace
  } catch (thrown) {
    throw thrown instanceof SkyError ? inWordsOfFile(thrown) : thrown
  }
}

/** What an experiment declares of its trace, as the options of the command line do. */
export function declaredOptions({
  trace_prefix_model: model = undeclaredPrefixModel,
  trace_arrival_rate: perSecond = 0,
}: Partial<ParameterValues>): TraceOptions {
  return {
    ...(model === undeclaredPrefixModel ? {} : { prefixModel: parsePrefixModel(model) }),
    ...(perSecond === 0 ? {} : { arrivals: { perSecond, ...arrivalDefaults } }),
  }
}

/** An error of reading whose hint names the parameters of a file; other options are those of a command that takes the same file. */
export function inWordsOfFile({ code, message, hint, details }: SkyError): SkyError {
  const words = parameterOfFlag.reduce((text, [flag, parameter]) => text.replaceAll(flag, parameter), hint)
  const other = /--[a-z-]+/.test(words)
  return new SkyError(
    code,
    message,
    other ? `${words} (an option of skymemory simulate trace)` : words,
    details,
  )
}
