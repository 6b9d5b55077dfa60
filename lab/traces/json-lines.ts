import type { Line } from './lines'
import type { FoundRecord, RecordSource } from './record'

/** One JSON value a line. */
export function jsonLines(lines: AsyncIterable<readonly Line[]>): RecordSource {
  return { unit: 'line', header: [], records: parsedLines(lines) }
}

async function* parsedLines(lines: AsyncIterable<readonly Line[]>): AsyncGenerator<FoundRecord[]> {
  for await (const some of lines) yield some.map(parsedLine)
}

/** Longest piece of the parser's message that is kept: it quotes the text. */
const messageCharacters = 120

function parsedLine(line: Line): FoundRecord {
  if (line.kind === 'bad') return line
  const { number } = line
  try {
    return { kind: 'value', number, value: JSON.parse(line.text) as unknown }
  } catch (thrown) {
    const message = (thrown as Error).message.slice(0, messageCharacters)
    const reason = line.endsFile
      ? `the file ends in the middle of it (${message})`
      : `it is not valid JSON (${message})`
    return { kind: 'bad', number, reason }
  }
}
