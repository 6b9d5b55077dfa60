import { JSONParser } from '@streamparser/json'
import { SkyError } from '#shared/contract/errors'
import type { FoundRecord, RecordSource } from './record'

/** Most bytes of one element: a conversation of a million tokens has about 5 MB. The limit keeps a broken file from filling the memory. */
export const longestElementBytes = 64 * 1024 * 1024

/** Bytes that are parsed at a time, so that the elements found in one piece stay few. */
const pieceBytes = 64 * 1024

/** The elements of one JSON array, however large it is. Broken JSON ends it: what follows cannot be told apart any more. */
export function jsonArray(
  source: AsyncIterable<Buffer>,
  path: string,
  longest = longestElementBytes,
): RecordSource {
  return { unit: 'conversation', header: [], records: elements(source, path, longest) }
}

async function* elements(
  source: AsyncIterable<Buffer>,
  path: string,
  longest: number,
): AsyncGenerator<FoundRecord[]> {
  const found: FoundRecord[] = []
  let number = 0
  let sinceLast = 0
  const parser = new JSONParser({ paths: ['$.*'], keepStack: false })
  parser.onValue = ({ value }) => {
    number += 1
    sinceLast = 0
    found.push({ kind: 'value', number, value })
  }
  const broken = (reason: string): SkyError =>
    new SkyError(
      'invalid_trace',
      `${path}, conversation ${number + 1}: ${reason}`,
      'Repair the file or download it again. What follows broken JSON cannot be read, so that --skip-bad-lines does not help.',
      { conversation: number + 1, reason },
    )
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length; start += pieceBytes) {
      const piece = chunk.subarray(start, start + pieceBytes)
      sinceLast += piece.length
      try {
        utf8.decode(piece, { stream: true })
      } catch {
        throw broken('it is not UTF-8')
      }
      try {
        parser.write(piece)
      } catch (thrown) {
        throw broken(`it is not valid JSON (${(thrown as Error).message})`)
      }
      if (sinceLast > longest) throw broken(`it is longer than ${longest} B`)
      if (found.length > 0) yield found.splice(0)
    }
  }
  if (!parser.isEnded) throw broken('the file ends in the middle of it')
}
