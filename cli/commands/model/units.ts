/** Bytes in MB or GB, powers of ten. */
export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** A whole number of bytes with separators: 22,528 B. */
export const byteCount = (bytes: number): string => `${bytes.toLocaleString('en-US')} B`
