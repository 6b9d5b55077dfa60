import { detectFormat } from '#shared/simulation/traces/detect-format'
import { SkyError } from '#shared/contract/errors'
import type { TraceInspection } from '#shared/contract/simulation-api'
import { traits } from '#shared/simulation/traces/trace-format'
import { inspectTrace } from './first-bytes'
import { peek } from './peek'
import { traceBytes } from './trace-bytes'

/**
 * What a trace file is by its first 64 KiB: its format, and what the file does not say and must be declared.
 * @throws SkyError not_found, invalid_trace
 */
export async function lookAtTrace(path: string): Promise<TraceInspection> {
  const file = await inspectTrace(path)
  const source = traceBytes(file)
  try {
    const { head } = await peek(source)
    if (head.trim() === '') throw new SkyError('invalid_trace', `${path} holds nothing but white space`, '')
    const { format } = detectFormat(head)
    const { title, blockTokens, knowsPrefixes, inOrder } = traits[format]
    return {
      path,
      bytes: file.bytes,
      isGzip: file.isGzip,
      format,
      title,
      blockTokens,
      knowsPrefixes,
      knowsArrivals: format !== 'sharegpt',
      inOrder,
    }
  } finally {
    await source.return(undefined)
  }
}
