import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testbedMissing } from '../testbed/requirements'
import { createTestbed, type Testbed } from '../testbed/testbed'
import { freeNetwork, type TestbedOptions } from '../testbed/testbed-plan'

/**
 * A testbed for a test: beside all others, on a network of its own, gone when the test's process ends, however it ends.
 * Call `down()` when it is no longer needed (afterAll). Skip where `testbedMissing()` says why there can be none.
 */
export function testbedForTest(options: TestbedOptions = {}): Promise<Testbed> {
  const prefix = `t${randomBytes(4).toString('hex')}`
  const directory = join(tmpdir(), `skymemory-testbed-${prefix}`)
  return createTestbed({
    prefix,
    directory,
    network: freeNetwork,
    hosts: 2,
    endWithProcess: true,
    ...options,
  })
}

/** Why tests cannot have a testbed here, in one line, or null. */
export function noTestbed(): string | null {
  const missing = testbedMissing()
  return missing && `${missing.message}. ${missing.hint}`
}
