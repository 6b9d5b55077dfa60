import { basename, isAbsolute } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { onTorus } from '#shared/experiment/on-torus'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { Inventory } from '#shared/inventory/inventory'
import { sshForwardCommand } from '#shared/inventory/ssh-forward'
import { connectFirst, type LabCommand } from './lab-client'

/** The lab in which a model is served. */
export interface ServingLab {
  /** Null = the hosts are this computer. */
  readonly inventory: Inventory | null
  /** With the constellation of the lab. */
  readonly parameters: ParameterValues
}

/**
 * The lab in the background, or the one that is named, connected; where neither is, the local lab is started with the model.
 * @param set what of the parameters was asked for: it is not changed to fit
 * @throws SkyError `conflict` while another lab runs, or where the lab has another constellation than was asked for; and as connecting to a lab does
 */
export async function servingLab(
  command: LabCommand,
  named: string | undefined,
  chosen: ParameterValues,
  set: Partial<ParameterValues>,
): Promise<ServingLab> {
  const { client } = command
  const state = await client.call('labState', {})
  const running = state.kind === 'running' ? state : null
  const name = named ?? running?.name ?? 'local'
  if (running && running.name !== name) {
    const message = `The lab ${running.name} runs, and only one lab can at a time`
    throw new SkyError('conflict', message, 'Stop it first: skymemory lab down')
  }
  const inventory = name === 'local' ? null : await client.call('inventory', { lab: name })
  const shape = running ?? { slots: chosen.slots, planes: planesOf(inventory) ?? chosen.planes }
  requireShape(set, shape, running ? 'The lab that runs' : `The lab ${name}`)
  const parameters = { ...onTorus(chosen, shape), ...set }
  if (inventory && !running) {
    await connectFirst(command, inventory, null)
    const { slots, planes } = parameters
    await client.call('startLab', { lab: name, slots, planes })
  }
  return { inventory, parameters }
}

/** How clients call the model, and how they reach it: for a lab behind SSH through a port of the inference host. */
export async function servedAt(
  { inventory, parameters }: ServingLab,
  url: string,
): Promise<{ readonly model: string; readonly host: string | null; readonly forward: string | null }> {
  const host = inventory?.hosts.find(({ role }) => role === 'inference')?.name ?? null
  if (!inventory || host === null) return { model: await modelAt(url), host: null, forward: null }
  const { model } = parameters
  return {
    model: isAbsolute(model) ? basename(model, '.gguf') : model,
    host,
    forward: sshForwardCommand(inventory, host, Number(new URL(url).port)),
  }
}

function planesOf(inventory: Inventory | null): number | null {
  const named = inventory?.hosts.flatMap((host) => (host.role === 'satellite' ? (host.planes ?? []) : []))
  return named?.length ? named.length : null
}

/** @throws SkyError conflict */
function requireShape(
  set: Partial<ParameterValues>,
  { slots, planes }: { readonly slots: number; readonly planes: number },
  lab: string,
): void {
  if ((set.slots ?? slots) === slots && (set.planes ?? planes) === planes) return
  const message = `${lab} has ${slots} slots and ${planes} planes, which is not what was asked for`
  throw new SkyError('conflict', message, 'Leave slots and planes out, or end it: skymemory lab down')
}

async function modelAt(url: string): Promise<string> {
  const response = await fetch(`${url}/models`)
  const { data } = (await response.json()) as { data: { id: string }[] }
  return data[0]?.id ?? ''
}
