/** The known word that was probably meant, or null when none is near. Case and separators do not count. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const plain = simplify(word)
  let best: string | null = null
  let bestDistance = Infinity
  for (const candidate of known) {
    const target = simplify(candidate)
    const distance = editDistance(plain, target)
    // A third of the letters may be wrong: further away, a suggestion misleads.
    if (distance <= Math.max(plain.length, target.length) / 3 && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Longer words are no typing errors, and would only cost time. */
const longestWord = 100

function simplify(word: string): string {
  return word
    .slice(0, longestWord)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}

/** Levenshtein distance: insertions, deletions and replacements that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (previous[j] as number) + 1, (row[j - 1] as number) + 1))
    }
    previous = row
  }
  return previous[b.length] as number
}
