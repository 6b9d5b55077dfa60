import { SkyError } from '../../contract/errors'
import { isAzureHeader } from './azure'
import { isBurstGptHeader } from './burstgpt'
import { aiperfFields } from './mooncake'
import { traceFormats, type TraceFormat } from './trace-format'

export interface DetectedFormat {
  readonly format: TraceFormat
  readonly layout: 'json-lines' | 'csv' | 'json-array'
}

/**
 * Finds the format of a trace from the beginning of its text.
 * @param head the first lines; the last one may be cut off
 * @param stated the format that the user names: then only the layout is found
 * @throws SkyError invalid_trace where it looks like none of them
 */
export function detectFormat(head: string, stated?: TraceFormat): DetectedFormat {
  const text = head.replace(/^\uFEFF/, '').trimStart()
  const layout = text.startsWith('[') ? 'json-array' : text.startsWith('{') ? 'json-lines' : 'csv'
  return { layout, format: stated ?? formatOf(text, layout) }
}

function formatOf(text: string, layout: DetectedFormat['layout']): TraceFormat {
  switch (layout) {
    case 'json-array':
      return 'sharegpt'
    case 'json-lines':
      return jsonFormat(text)
    case 'csv': {
      const header = (text.split(/\r?\n/, 1)[0] as string).split(',')
      if (isAzureHeader(header)) return 'azure'
      if (isBurstGptHeader(header)) return 'burstgpt'
      throw new SkyError(
        'invalid_trace',
        'the format of the trace cannot be told: it begins neither with JSON nor with the header line of a known CSV file',
        `Name it with --format: ${traceFormats.join(', ')}. docs/traces.md describes them.`,
      )
    }
  }
}

function jsonFormat(text: string): TraceFormat {
  const lines = text.split('\n')
  // The last line may be cut off; a bad one is told of when the file is read.
  const records = lines.flatMap((line) => parsed(line))
  if (records.some((record) => 'conversations' in record)) return 'sharegpt'
  const isMooncake = (record: object): boolean => 'hash_ids' in record && 'timestamp' in record
  const isAiperf =
    records.some((record) => aiperfFields.some((name) => name in record)) ||
    (records.length > 0 && !records.some(isMooncake))
  return isAiperf ? 'aiperf' : 'mooncake'
}

function parsed(line: string): object[] {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? [value] : []
  } catch {
    return []
  }
}
