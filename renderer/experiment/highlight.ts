/** A piece of a line of YAML, for colouring. Joined, the pieces are the line. */
export interface Piece {
  readonly kind: 'plain' | 'key' | 'comment' | 'number' | 'text' | 'mark'
  readonly text: string
}

const keyAtStart = /^(\s*(?:- )?)([A-Za-z_][\w-]*)(\s*:)(?=\s|$)/
const parts =
  /("(?:[^"\\]|\\.)*"|'[^']*')|([[\]{},]|^\s*- )|(-?\d[\d_.eE+-]*)(?=[\s,\]}]|$)|([^[\]{},"'\s]+)|(\s+)|(.)/g

/** Colour one line of the YAML that experiments are written in. It is not a parser: a wrong guess is a wrong colour only. */
export function highlightLine(line: string): Piece[] {
  const pieces: Piece[] = []
  let rest = line
  const comment = commentStart(line)
  if (comment >= 0) rest = line.slice(0, comment)
  const key = keyAtStart.exec(rest)
  if (key) {
    pieces.push(
      { kind: 'plain', text: key[1]! },
      { kind: 'key', text: key[2]! },
      { kind: 'mark', text: key[3]! },
    )
    rest = rest.slice(key[0].length)
  }
  for (const [text, quoted, mark, number, word] of rest.matchAll(parts)) {
    const kind = quoted ? 'text' : mark ? 'mark' : number ? 'number' : word ? 'text' : 'plain'
    pieces.push({ kind, text })
  }
  if (comment >= 0) pieces.push({ kind: 'comment', text: line.slice(comment) })
  return pieces.filter((piece) => piece.text !== '')
}

function commentStart(line: string): number {
  let quote = ''
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if ((character === '"' || character === "'") && /[\s,[{:]/.test(line[i - 1] ?? ' ')) {
      quote = character
    } else if (character === '#' && /\s/.test(line[i - 1] ?? ' ')) {
      return i
    }
  }
  return -1
}
