import { SkyError, type ErrorCode } from '#shared/contract/errors'

/** DuckDB reports system errors as text only, so the closed codes come from the words of the C library and of Windows. */
const patterns: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /no space left on device|disk quota exceeded|ENOSPC|EDQUOT|not enough space|disk is full/i,
    'storage_full',
  ],
  [/set lock on file|conflicting lock|being used by another process|file is already open/i, 'storage_locked'],
  [
    /permission denied|file already exists|file exists|read-only file system|not a directory|no such file or directory|is a directory|operation not permitted|access is denied|input\/output error|EACCES|EEXIST|EROFS|ENOTDIR|EPERM|EIO\b/i,
    'storage_unwritable',
  ],
  [
    /corrupt|not a valid duckdb database|checksum|could not read enough bytes|serialization error|failure while replaying wal/i,
    'storage_corrupt',
  ],
]

const hints: Partial<Record<ErrorCode, string>> = {
  storage_full: 'Free some space on that disk, then resume: nothing that was recorded is lost.',
  storage_unwritable: 'Make the folder writable, or choose another one, then try again.',
  storage_locked: 'Close the other program, or use another data directory.',
  storage_corrupt: 'Move the file away (keep it) and start again, or restore it from a backup.',
}

/** What each code says of the file. */
const sentences: Partial<Record<ErrorCode, string>> = {
  storage_full: 'The disk is full',
  storage_unwritable: 'The file cannot be written',
  storage_locked: 'The file is in use by another program',
  storage_corrupt: 'The file is damaged',
}

/** The program that holds the lock, where DuckDB names it: `/usr/bin/node (PID 42)`. */
function lockHolder(text: string): { program: string; pid: number } | null {
  const found = /(?:held in|already open in)\s+(.+?) \(PID (\d+)\)/s.exec(text)
  return found ? { program: (found[1] as string).trim(), pid: Number(found[2]) } : null
}

/**
 * The SkyError for whatever a storage operation threw.
 * @param path the file or folder that was worked on
 * @param fallback code for an error of no known kind
 */
export function storageError(thrown: unknown, path: string, fallback: ErrorCode = 'internal'): SkyError {
  if (thrown instanceof SkyError) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const code = patterns.find(([pattern]) => pattern.test(text))?.[1] ?? fallback
  const holder = code === 'storage_locked' ? lockHolder(text) : null
  const who = holder ? ` (${holder.program}, process ${holder.pid})` : ''
  const sentence = sentences[code]
  const message = sentence ? `${sentence}${who}: ${path}` : `${path}: ${text}`
  return new SkyError(code, message, hints[code] ?? '', { path, reason: text, ...(holder ?? {}) })
}

/** True for the errors that another try can cure once the disk or the folder is in order. */
export function isStorageError(error: SkyError): boolean {
  return error.code.startsWith('storage_')
}
