import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { onTestFinished } from 'vitest'
import type { RunSummary } from '#shared/contract/console-api'
import { bundleFor } from '#lab/testing/agent-bundle'
import { processesWith } from '#lab/testing/processes'
import { startCommand, type Finished, type Running } from './command'

/** The command line as it is in the sources now, and what belongs to it. */
export interface CommandLineUnderTest {
  /** Where its parts lie beside each other, as in out/. */
  readonly folder: string
  readonly start: (data: string, ...args: string[]) => Running
  readonly run: (data: string, ...args: string[]) => Promise<Finished>
  readonly runsOf: (data: string) => Promise<RunSummary[]>
  /** Agents that were started by it. */
  readonly agents: () => number[]
}

export async function commandLineUnderTest(): Promise<CommandLineUnderTest> {
  const { cli, folder } = await bundleFor({ cli: true })
  const start: CommandLineUnderTest['start'] = (data, ...args) => {
    const running = startCommand(cli, data, args)
    onTestFinished(() => void running.child.kill('SIGKILL'))
    return running
  }
  const run: CommandLineUnderTest['run'] = (data, ...args) => start(data, ...args).finished
  return {
    folder,
    start,
    run,
    runsOf: async (data) => JSON.parse((await run(data, 'runs', '--json')).out) as RunSummary[],
    agents: () => processesWith(join(folder, 'agent', 'skymemory-agent.mjs')),
  }
}

/** Two trials of two requests a session, without and with a cache. */
export const experiment = (sessions: number): string => `name: Tiny
seed: 5
parameters: { slots: 5, planes: 3, centre_slot: 2, centre_plane: 1, document_count: 2, document_tokens: 256,
  kvc_bytes_per_token: 1024, chunk_bytes: 4096, block_tokens: 64, output_tokens: 8, prefill_tokens_per_s: 20000,
  decode_tokens_per_s: 500, sessions: ${sessions}, turns: 2, servers: 4 }
factors: { cache: [off, skymemory], strategy: [rotation] }
`

export function experimentFile(data: string, text: string): string {
  const file = join(data, 'experiment.yaml')
  writeFileSync(file, text)
  return file
}

export const csvRows = (folder: string, name: string): Record<string, string>[] =>
  parse(readFileSync(join(folder, name)), { columns: true })

export const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''
