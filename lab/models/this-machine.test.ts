import { totalmem } from 'node:os'
import { expect, it } from 'vitest'
import { thisMachine } from './this-machine'

it('says what this machine has for models', () => {
  const { freeMemoryBytes, threads, problem } = thisMachine()
  expect(freeMemoryBytes).toBeGreaterThan(0)
  expect(freeMemoryBytes).toBeLessThanOrEqual(totalmem())
  expect(threads).toBeGreaterThanOrEqual(1)
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  const [major = 0, minor = 0] = (header.glibcVersionRuntime ?? '0').split('.').map(Number)
  if (process.platform === 'linux' && major === 2 && minor >= 34) expect(problem).toBeNull()
  else expect(problem).toMatchObject({ kind: 'system_library', severity: 'error' })
})
