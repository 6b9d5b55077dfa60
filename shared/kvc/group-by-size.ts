/** Cuts a list of chunks into groups of at most this many bytes; a chunk that is larger alone makes its own group. */
export function groupBySize<C extends { readonly bytes: Uint8Array }>(
  chunks: readonly C[],
  maxBytes: number,
): C[][] {
  const groups: C[][] = []
  let group: C[] = []
  let bytes = 0
  for (const chunk of chunks) {
    if (group.length > 0 && bytes + chunk.bytes.byteLength > maxBytes) {
      groups.push(group)
      group = []
      bytes = 0
    }
    group.push(chunk)
    bytes += chunk.bytes.byteLength
  }
  if (group.length > 0) groups.push(group)
  return groups
}
