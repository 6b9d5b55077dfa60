import { expect, it } from 'vitest'
import type { LabHost } from '#shared/contract/console-api'
import { endedHow } from './ended-how'

it.each<[LabHost['state'], string]>([
  [{ kind: 'stopped_by_hand', at: 0, by: 'ada@laptop' }, 'was stopped by ada@laptop'],
  [{ kind: 'stopped_by_hand', at: 0, by: null }, 'was stopped by hand'],
  [{ kind: 'removed', at: 0, by: 'ada@laptop' }, 'was removed by ada@laptop'],
  [{ kind: 'removed', at: 0, by: null }, 'was removed'],
  [{ kind: 'restarting', at: 0, by: 'ada@laptop', isUpdate: false }, 'was restarted by ada@laptop'],
  [{ kind: 'restarting', at: 0, by: null, isUpdate: true }, 'was updated'],
  [{ kind: 'crashed', at: 0, exitCode: null, signal: 'SIGKILL', lastLines: [] }, 'was killed (SIGKILL)'],
  [{ kind: 'crashed', at: 0, exitCode: 1, signal: null, lastLines: [] }, 'ended (exit code 1)'],
  [{ kind: 'crashed', at: 0, exitCode: null, signal: null, lastLines: [] }, 'ended'],
])('%j %s', (state, how) => {
  expect(endedHow({ state } as LabHost)).toBe(how)
})
