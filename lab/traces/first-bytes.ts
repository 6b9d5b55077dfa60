import { open, type FileHandle } from 'node:fs/promises'
import { SkyError } from '#shared/contract/errors'

export interface TraceFile {
  readonly path: string
  readonly bytes: number
  readonly isGzip: boolean
}

const gzip = [0x1f, 0x8b]

/** Files that hold no text, by their first bytes. */
const unreadable: readonly {
  readonly begins: readonly number[]
  readonly what: string
  readonly hint: string
}[] = [
  { begins: [0x28, 0xb5, 0x2f, 0xfd], what: 'compressed by zstd', hint: 'Decompress it first (zstd -d).' },
  { begins: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'compressed by xz', hint: 'Decompress it first (xz -d).' },
  { begins: [0x42, 0x5a, 0x68], what: 'compressed by bzip2', hint: 'Decompress it first (bzip2 -d).' },
  { begins: [0x50, 0x4b, 0x03, 0x04], what: 'a ZIP archive', hint: 'Unpack it first.' },
  { begins: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file', hint: 'Export it as JSONL or CSV first.' },
  {
    begins: [0xff, 0xfe],
    what: 'UTF-16 text, not UTF-8',
    hint: 'Convert it first (iconv -f UTF-16 -t UTF-8).',
  },
  {
    begins: [0xfe, 0xff],
    what: 'UTF-16 text, not UTF-8',
    hint: 'Convert it first (iconv -f UTF-16 -t UTF-8).',
  },
]

const longest = Math.max(...unreadable.map(({ begins }) => begins.length))

/**
 * What a file is by its first bytes; names and endings do not count.
 * @throws SkyError not_found, or invalid_trace for a file that is empty or is no text
 */
export async function inspectTrace(path: string): Promise<TraceFile> {
  const file = await opened(path)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) {
      throw new SkyError('invalid_trace', `${path} is no file`, 'Give the path of one trace file.')
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longest), 0, longest, 0)
    if (bytesRead === 0)
      throw new SkyError('invalid_trace', `${path} is empty`, 'Was it downloaded completely?')
    const begins = (bytes: readonly number[]): boolean => bytes.every((byte, index) => buffer[index] === byte)
    const found = unreadable.find((each) => begins(each.begins))
    if (found) throw new SkyError('invalid_trace', `${path} is ${found.what}`, found.hint)
    return { path, bytes: stats.size, isGzip: begins(gzip) }
  } finally {
    await file.close()
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new SkyError(
        'not_found',
        `there is no file ${path}`,
        'Check the path; it starts at the working directory.',
      )
    }
    throw new SkyError('invalid_trace', `${path} cannot be opened: ${message}`, 'Check its permissions.')
  }
}
