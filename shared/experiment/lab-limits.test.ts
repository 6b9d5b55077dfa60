import { expect, test } from 'vitest'
import { parseExperiment } from './parse'

const messages = (yaml: string): string[] => {
  const parsed = parseExperiment(yaml)
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`)
}

test('a real model needs real hosts, and so does a measured break-even', () => {
  const yaml = (lab: string): string =>
    `name: x\nlab: ${lab}\nparameters: { engine: llama, model: tiny }\nfactors:\n  fetch: [always, adaptive]\n`
  expect(messages(yaml('local'))).toEqual([])
  expect(messages(yaml('testbed'))).toEqual([])
  expect(messages(yaml('simulated'))).toEqual([
    '3: engine llama needs the hosts of a lab, and is not simulated',
    '5: fetch adaptive needs the hosts of a lab, and is not simulated',
  ])
})

test('what only the simulator honours is refused elsewhere', () => {
  const yaml = (lab: string): string =>
    `name: x\nlab: ${lab}\nparameters:\n  link_delay: simulated\n  isl_megabits_per_s: 100\n`
  expect(messages(yaml('simulated'))).toEqual([])
  expect(messages(yaml('local'))).toEqual([
    '4: link_delay simulated is honoured by the simulator only, not by the hosts of a lab',
    '5: isl_megabits_per_s 100 is honoured by the simulator only, not by the hosts of a lab',
  ])
})

test('the engine llama needs to know which model', () => {
  expect(messages('name: x\nparameters:\n  engine: llama\n')).toEqual([
    '3: the engine is llama, but model names no model (model has its default)',
  ])
  expect(messages('name: x\nparameters: { engine: llama, model: /models/a.gguf }\n')).toEqual([])
  // Also without a cache.
  expect(messages('name: x\nparameters: { engine: llama, cache: off }\n')).toHaveLength(1)
})
