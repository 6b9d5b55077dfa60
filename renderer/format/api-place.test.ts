import { expect, it } from 'vitest'
import type { LabState } from '#shared/contract/console-api'
import { testbedTemplate } from '#shared/inventory/testbed-template'
import { apiPlace } from './api-place'

const lab = (apiUrl: string | null) =>
  ({
    kind: 'running',
    apiUrl,
    hosts: [
      { role: 'satellite', hostId: 'nuc1' },
      { role: 'inference', hostId: 'jetson' },
    ],
  }) as Extract<LabState, { kind: 'running' }>

it('is this computer for the local lab', () => {
  expect(apiPlace(lab('http://127.0.0.1:8080/v1'), true, null)).toEqual({
    machine: 'this computer',
    forward: null,
  })
})

it('is the inference host of an SSH lab, whose port is forwarded on request', () => {
  const inventory = testbedTemplate()
  const { user, address } = inventory.hosts.at(-1)!
  expect(apiPlace(lab('http://127.0.0.1:8080/v1'), false, inventory)).toEqual({
    machine: 'jetson',
    forward: `ssh -N -L 8080:127.0.0.1:8080 ${user}@${address}`,
  })
  expect(apiPlace(lab(null), false, inventory)).toEqual({ machine: 'jetson', forward: null })
})
