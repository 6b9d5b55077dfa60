const firstMs = 500
const longestMs = 15_000

/** Wait before the n-th attempt in a row, n from 1: doubles from half a second up to a limit. */
export function backoffMs(attempt: number): number {
  return Math.min(firstMs * 2 ** (attempt - 1), longestMs)
}
