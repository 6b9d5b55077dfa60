import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A small Mooncake trace: conversations in turn about twenty documents of two blocks each, and one block of their own.
 * @returns its path
 */
export async function smallTrace(folder: string, requests = 400): Promise<string> {
  const lines = Array.from({ length: requests }, (_, i) => {
    const document = (i * 7) % 20
    const hash_ids = [document * 2, document * 2 + 1, 1000 + i]
    return JSON.stringify({ timestamp: i * 100, input_length: 1500, output_length: 20, hash_ids })
  })
  const path = join(folder, 'small.jsonl')
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}

/** What `smallTrace` of 400 requests allows: all but the first question about each document find its two blocks. */
export const smallTraceFacts = { requests: 400, blocks: 1200, ceiling: (380 * 2) / 1200 } as const

/**
 * A Mooncake trace for pictures: questions about documents of which some are popular, so that policies differ.
 * @returns its path
 */
export async function popularDocumentsTrace(folder: string, requests = 6000): Promise<string> {
  // A small linear congruential generator: pictures must not change by chance.
  let state = 2505
  const random = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
  let nextOwn = 100_000
  const lines = Array.from({ length: requests }, (_, i) => {
    const document = Math.floor(random() ** 3 * 1500)
    const shared = 2 + (document % 12)
    const own = 1 + Math.floor(random() * 5)
    const hash_ids = [
      ...Array.from({ length: shared }, (_, block) => document * 20 + block),
      ...Array.from({ length: own }, () => nextOwn++),
    ]
    return JSON.stringify({
      timestamp: i * 200,
      input_length: hash_ids.length * 512 - 100,
      output_length: 60,
      hash_ids,
    })
  })
  const path = join(folder, 'popular-documents.jsonl')
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}
