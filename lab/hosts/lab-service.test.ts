import { expect, it } from 'vitest'
import type { LabState } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { memoryLabs } from '../testing/memory-lab'
import type { StartLab } from './lab-hosts'
import { LabService } from './lab-service'

function aService(start: StartLab): { lab: LabService; states: LabState[] } {
  const states: LabState[] = []
  return {
    lab: new LabService({
      startLab: () => start,
      onState: (state) => states.push(state),
      onLog: () => undefined,
    }),
    states,
  }
}

const wanted = { name: 'local', slots: 4, planes: 2 }

it('starts a lab once, however many ask for it, and another one for another shape', async () => {
  const labs = memoryLabs()
  const { lab, states } = aService(labs.start)
  expect(() => lab.require()).toThrow(expect.objectContaining({ code: 'lab_not_running' }))
  const [one, two] = await Promise.all([lab.ensure(wanted), lab.ensure(wanted)])
  expect(one).toBe(two)
  await lab.ensure({ ...wanted, slots: 5 })
  expect(labs.labs.map((each) => each.stopped)).toEqual([true, false])
  await lab.stop()
  expect(states.map((state) => state.kind)).toEqual([
    'starting',
    'running',
    'stopping',
    'stopped',
    'starting',
    'running',
    'stopping',
    'stopped',
  ])
})

it('says why a lab did not start, and starts it when asked again', async () => {
  const labs = memoryLabs()
  const { lab } = aService(labs.start)
  labs.failNext(new SkyError('lab_start_failed', 'no'))
  await expect(lab.ensure(wanted)).rejects.toMatchObject({ code: 'lab_start_failed' })
  expect(lab.state).toMatchObject({ kind: 'failed', error: { message: 'no' } })
  await lab.ensure(wanted)
  expect(lab.state.kind).toBe('running')
})

it('ends a start that is under way', async () => {
  const { lab } = aService(
    (_shape, _onStep, _onChange, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new SkyError('cancelled', 'the start was cancelled')))
      }),
  )
  const starting = lab.ensure(wanted)
  const failed = expect(starting).rejects.toMatchObject({ code: 'cancelled' })
  await new Promise(setImmediate)
  await lab.stop()
  await failed
  expect(lab.state).toEqual({ kind: 'stopped' })
})

it('shows a lost host at once', async () => {
  const labs = memoryLabs()
  const { lab } = aService(labs.start)
  await lab.ensure(wanted)
  labs.newest().kill('nuc2')
  expect(lab.state).toMatchObject({
    kind: 'running',
    hosts: [{}, { state: { kind: 'crashed', signal: 'SIGKILL' } }, {}],
  })
})

it('fails and restores satellites and links, each once', async () => {
  const labs = memoryLabs()
  const { lab } = aService(labs.start)
  await lab.ensure(wanted)
  await lab.setSatelliteFailed({ slot: 1, plane: 1 }, true)
  await lab.setSatelliteFailed({ slot: 1, plane: 1 }, true)
  await lab.setLinkFailed({ slot: 1, plane: 1, direction: 'slot' }, true)
  await lab.setLinkFailed({ slot: 1, plane: 1, direction: 'plane' }, true)
  await lab.setLinkFailed({ slot: 1, plane: 1, direction: 'slot' }, false)
  expect(lab.failures).toEqual({
    satellites: [{ slot: 1, plane: 1 }],
    links: [{ slot: 1, plane: 1, direction: 'plane' }],
  })
  await expect(lab.setSatelliteFailed({ slot: 4, plane: 0 }, true)).rejects.toMatchObject({
    code: 'invalid_argument',
  })
  // A new lab is whole.
  await lab.ensure({ ...wanted, slots: 5 })
  expect(lab.failures).toEqual({ satellites: [], links: [] })
})
