import { expect, test } from 'vitest'
import { overloadWarning } from './overload'

test('a host that ends soon after the last arrival kept up', () => {
  expect(overloadWarning(0, 60)).toBeNull()
  expect(overloadWarning(3_600, 3_610)).toBeNull()
  expect(overloadWarning(3_600, 4_500)).toBeNull()
})

test('one that ends much later did not, and the warning says by how much', () => {
  expect(overloadWarning(0, 61)).toContain('61 s after the last arrival')
  expect(overloadWarning(3_600, 92_465)).toContain('88865 s after the last arrival (the trace lasts 3600 s)')
})
