/** Tar archives (POSIX.1-1988 "ustar") whose bytes depend on paths and contents alone: no owner, no time, one mode. */

const blockBytes = 512
const longestName = 100
const longestPrefix = 155

export interface TarEntry {
  readonly path: string
  readonly content: Uint8Array
}

/** @throws Error for a path that the format has no room for */
export function* tarOf(entries: Iterable<TarEntry>): Generator<Uint8Array> {
  for (const { path, content } of entries) {
    yield header(path, content.byteLength)
    yield content
    const rest = content.byteLength % blockBytes
    if (rest > 0) yield new Uint8Array(blockBytes - rest)
  }
  yield new Uint8Array(2 * blockBytes)
}

function header(path: string, bytes: number): Buffer {
  const block = Buffer.alloc(blockBytes)
  const [prefix, name] = splitPath(path)
  const octal = (value: number, offset: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, '0'), offset, 'latin1')
  block.write(name, 0)
  octal(0o644, 100, 7)
  octal(0, 108, 7) // owner
  octal(0, 116, 7) // group
  octal(bytes, 124, 11)
  octal(0, 136, 11) // time of change
  block.fill(' ', 148, 156) // the checksum counts as spaces
  block.write('0', 156) // a plain file
  block.write('ustar\x0000', 257, 'latin1')
  block.write(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** Long paths are divided at a `/`, which then is written nowhere. */
function splitPath(path: string): [prefix: string, name: string] {
  const bytes = (text: string): number => Buffer.byteLength(text)
  if (bytes(path) <= longestName) return ['', path]
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (bytes(prefix) <= longestPrefix && bytes(name) <= longestName && prefix && name) return [prefix, name]
  }
  throw new Error(`the path is too long for a tar archive: ${path}`)
}
