import { SkyError } from '../../contract/errors'
import type { ArrivalModel } from './arrivals'
import { prefixModelText, type PrefixModel } from './prefix-model'
import { traits, type TraceFormat } from './trace-format'

/** How a trace is to be read; everything has a default but what would change results without being said. */
export interface TraceOptions {
  /** Default: found from the beginning of the file. */
  readonly format?: TraceFormat | undefined
  /** Tokens in a block; default: the format's own. */
  readonly blockTokens?: number | undefined
  /** Needed where the trace says nothing about common prefixes. */
  readonly prefixModel?: PrefixModel | undefined
  /** Needed where the trace has no times. */
  readonly arrivals?: ArrivalModel | undefined
  /** Count and skip records that cannot be used, instead of ending at the first one. */
  readonly skipBadLines?: boolean | undefined
  /** Read the whole trace and sort it by time (stable), instead of taking a time that goes back for a bad record. */
  readonly sortByTime?: boolean | undefined
  /** AIPerf: whether later rows of a session hold what is new, or whole prompts; default: what the row's `context_mode` says, or else what is new. */
  readonly sessionTurns?: 'deltas' | 'whole' | undefined
  /** AIPerf: tokens of answers where a row does not say. */
  readonly outputTokens?: number | undefined
}

/** Options with the format's defaults. */
export interface TraceSettings extends TraceOptions {
  readonly format: TraceFormat
  readonly blockTokens: number
  readonly skipBadLines: boolean
  /** True where the file's order is the order of arrival. */
  readonly inOrder: boolean
}

/**
 * The options with what the format adds to them.
 * @throws SkyError invalid_argument for a trace without prefixes or times for which nothing was declared, or a declaration that the trace cannot meet
 */
export function traceSettings(format: TraceFormat, options: TraceOptions): TraceSettings {
  const { title, knowsPrefixes, blockTokens, inOrder } = traits[format]
  const { prefixModel, arrivals } = options
  if (!knowsPrefixes && prefixModel === undefined) {
    throw new SkyError(
      'invalid_argument',
      `a trace in ${title} says nothing about common prefixes, so that no hit can be computed from it alone`,
      'Declare a prefix model: --prefix-model none, shared:TOKENS or session (BurstGPT files with session ids). The output names it.',
    )
  }
  if (format === 'azure' && prefixModel?.kind === 'session') {
    const hint = 'Choose --prefix-model none or shared:TOKENS.'
    throw new SkyError('invalid_argument', `a trace in ${title} has no session ids`, hint)
  }
  if ((format === 'mooncake' || format === 'sharegpt') && prefixModel !== undefined) {
    throw new SkyError(
      'invalid_argument',
      `a trace in ${title} says itself what its prompts have in common: the prefix model ${prefixModelText(prefixModel)} would contradict it`,
      'Leave --prefix-model out.',
    )
  }
  if (format === 'sharegpt' && arrivals === undefined) {
    const hint =
      'Declare the mean rate at which conversations begin: --arrival-rate PER_SECOND. The output names it.'
    throw new SkyError('invalid_argument', `a trace in ${title} has no times`, hint)
  }
  if (arrivals !== undefined && format !== 'sharegpt' && format !== 'aiperf') {
    const hint = 'Leave --arrival-rate out.'
    throw new SkyError('invalid_argument', `a trace in ${title} has times of its own`, hint)
  }
  return {
    ...options,
    format,
    blockTokens: options.blockTokens ?? blockTokens,
    skipBadLines: options.skipBadLines ?? false,
    inOrder: inOrder && !(options.sortByTime ?? false),
  }
}
