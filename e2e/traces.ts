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
