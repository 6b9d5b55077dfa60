import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { testbedPlan } from './testbed-plan'

const common = {
  directory: z.string(),
  createdAt: z.number(),
  /** Who may log in, with the key; with namespaces also by the password. */
  user: z.string(),
  keyFile: z.string(),
  inventoryFile: z.string(),
}

export const spacesState = z.object({
  kind: z.literal('namespaces'),
  ...common,
  /** False while it is being made: what is left of that is taken away by the next `up`. */
  complete: z.boolean(),
  password: z.string(),
  plan: testbedPlan,
})
export type SpacesState = z.infer<typeof spacesState>

export const loopbackState = z.object({
  kind: z.literal('loopback'),
  ...common,
  hosts: z.array(
    z.object({
      name: z.string(),
      role: z.enum(['satellite', 'inference']),
      address: z.string(),
      port: z.int(),
      dataPort: z.int(),
      /** The server's process. */
      pid: z.int(),
    }),
  ),
})
export type LoopbackState = z.infer<typeof loopbackState>

/** What `state.json` says. It holds a password: 0600. */
export const testbedState = z.discriminatedUnion('kind', [spacesState, loopbackState])
export type TestbedState = z.infer<typeof testbedState>

const stateFile = (directory: string): string => join(directory, 'state.json')

/** Null where no testbed lies, or what lies there makes no sense. */
export async function readState(directory: string): Promise<TestbedState | null> {
  try {
    return testbedState.parse(JSON.parse(await readFile(stateFile(directory), 'utf8')))
  } catch {
    return null
  }
}

export async function writeState(state: TestbedState): Promise<void> {
  const file = stateFile(state.directory)
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}
