import { InvalidArgumentError, Option, type Command } from 'commander'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import { arrivalDefaults } from '#shared/simulation/traces/arrivals'
import { parsePrefixModel, type PrefixModel } from '#shared/simulation/traces/prefix-model'
import { traceFormats, type TraceFormat } from '#shared/simulation/traces/trace-format'
import type { TraceOptions } from '#shared/simulation/traces/trace-options'
import { wholeNumber } from './options'

/** What a command gets of the options that say how a trace is read. */
export interface TraceFlags {
  readonly trace: string
  readonly format?: TraceFormat
  readonly blockTokens?: number
  readonly prefixModel?: PrefixModel
  readonly arrivalRate?: number
  readonly arrivalSeed: number
  readonly turnGap: number
  readonly sessionTurns?: 'deltas' | 'whole'
  readonly outputTokens?: number
  readonly sortByTime: boolean
  readonly skipBadLines: boolean
}

/** Add the options that say which trace is read, and how. */
export function addTraceFlags(command: Command): Command {
  return command
    .requiredOption('--trace <file>', 'the trace; gzip is decompressed')
    .addOption(
      new Option('--format <name>', 'format of the trace (default: told from its beginning)').choices([
        ...traceFormats,
      ]),
    )
    .option(
      '--block-tokens <n>',
      'tokens in a block (default: 512 for mooncake and aiperf, else 128)',
      wholeNumber(1),
    )
    .option(
      '--prefix-model <model>',
      'what prompts have in common, where the trace does not say (azure, burstgpt): none, shared:TOKENS (one system prompt), session (turns extend each other)',
      prefixModel,
    )
    .option(
      '--arrival-rate <per second>',
      'mean rate of Poisson arrivals, where the trace has no times: of conversations (sharegpt), of rows (aiperf)',
      positiveNumber,
    )
    .option('--arrival-seed <n>', 'seed of these arrivals', unsigned32, arrivalDefaults.seed)
    .option(
      '--turn-gap <seconds>',
      'from one turn of a conversation to the next (sharegpt)',
      numberFromZero,
      arrivalDefaults.turnGapS,
    )
    .addOption(
      new Option(
        '--session-turns <what>',
        'later rows of a session hold what is new, or whole prompts (aiperf; default: deltas, unless a row says otherwise)',
      ).choices(['deltas', 'whole']),
    )
    .option('--output-tokens <n>', 'tokens of answers where a row does not say (aiperf)', wholeNumber(0))
    .option('--sort-by-time', 'sort the trace instead of refusing times that go back', false)
    .option('--skip-bad-lines', 'count and skip lines that cannot be used instead of ending', false)
}

export function traceOptionsOf(flags: TraceFlags): TraceOptions {
  const { format, blockTokens, prefixModel: model, arrivalRate, arrivalSeed, turnGap } = flags
  const { sessionTurns, outputTokens, sortByTime, skipBadLines } = flags
  return {
    format,
    blockTokens,
    prefixModel: model,
    arrivals:
      arrivalRate === undefined
        ? undefined
        : { perSecond: arrivalRate, seed: arrivalSeed, turnGapS: turnGap },
    sessionTurns,
    outputTokens,
    sortByTime,
    skipBadLines,
  }
}

function prefixModel(text: string): PrefixModel {
  try {
    return parsePrefixModel(text)
  } catch (thrown) {
    throw new InvalidArgumentError(thrown instanceof SkyError ? thrown.hint : toErrorBody(thrown).message)
  }
}

/** Digits, perhaps with a fraction: no signs, no exponents, no "Infinity". */
const plainNumber = /^\d+(\.\d+)?$/

function positiveNumber(text: string): number {
  const value = Number(text)
  if (plainNumber.test(text) && value > 0) return value
  throw new InvalidArgumentError('It must be a number above 0.')
}

function numberFromZero(text: string): number {
  if (plainNumber.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number from 0 on.')
}

function unsigned32(text: string): number {
  const value = wholeNumber(0)(text)
  if (value <= 0xffff_ffff) return value
  throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.')
}
