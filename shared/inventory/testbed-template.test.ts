import { describe, expect, it } from 'vitest'
import { testbedTemplate } from './testbed-template'

describe('the template of the testbed', () => {
  it('has five satellite hosts with a plane each, and one inference host', () => {
    const { hosts } = testbedTemplate()
    const planes = hosts.map((host) => (host.role === 'satellite' ? host.planes : null))
    expect(hosts.map(({ name }) => name)).toEqual(['nuc1', 'nuc2', 'nuc3', 'nuc4', 'nuc5', 'jetson'])
    expect(planes).toEqual([[0], [1], [2], [3], [4], null])
    expect(hosts.at(-1)).toMatchObject({ role: 'inference', models: true })
  })

  it('is another one each time, so that a form may change it', () => {
    expect(testbedTemplate()).not.toBe(testbedTemplate())
    expect(testbedTemplate()).toEqual(testbedTemplate())
  })
})
