import { describe, expect, it } from 'vitest'
import { paperConfiguration, paperValues } from '#shared/simulation/sweep/paper-sweep'
import { checkDraft, maxFigurePoints, type ProblemField } from './latency-check'
import { firstDraft, latencyPresets, type LatencyDraft } from './latency-draft'

const problemsOf = (changed: Partial<LatencyDraft>): ProblemField[] => [
  ...checkDraft({ ...firstDraft, ...changed }).problems.keys(),
]

describe('the form of the latency model', () => {
  it("says the paper's sweep to the last bit", () => {
    const { strategy: _, ...configuration } = paperConfiguration
    expect(checkDraft(firstDraft).checked).toEqual({ configuration, values: paperValues })
  })

  it.each(latencyPresets.map(({ id, draft }) => [id, draft] as const))(
    'has nothing to correct in %s',
    (_, draft) => {
      expect([...checkDraft(draft).problems]).toEqual([])
    },
  )

  it('tells servers beyond the torus with what is allowed', () => {
    const { problems, checked } = checkDraft({ ...firstDraft, servers: '226' })
    expect(checked).toBeNull()
    expect(problems.get('servers')).toEqual({
      message: 'servers is 226, but 15 slots and 15 planes make 225 satellites',
      allowed: 'Allowed for servers: 1 to 225.',
    })
  })

  it.each([
    [{ altitude: '0' }, ['altitude']],
    [{ altitude: '-5 km' }, ['altitude']],
    [{ slots: '0' }, ['slots']],
    [{ planes: '2.5' }, ['planes']],
    [{ centreSlot: '15' }, ['centreSlot']],
    [{ centrePlane: '-1' }, ['centreSlot']],
    [{ rotations: '-1' }, ['rotations']],
    [{ kvcBytes: 'much' }, ['kvcBytes']],
    [{ chunkBytes: '0.5 B' }, ['chunkBytes']],
    [{ chunkProcessingTime: '2 days' }, ['chunkProcessingTime']],
    [{ slots: '2000', planes: '2000' }, ['slots']],
    [{ servers: '0', centreSlot: '99' }, ['servers', 'centreSlot']],
    [{ along: { ...firstDraft.along, SERVERS: '9, 400' } }, ['SERVERS']],
    [{ along: { ...firstDraft.along, ALTITUDE: '0:10:5' } }, ['ALTITUDE']],
    [{ along: { ...firstDraft.along, KVC_BYTES: `1:${maxFigurePoints + 1}:1` } }, ['KVC_BYTES']],
  ] as const)('finds what is wrong in %j', (changed, fields) => {
    expect(problemsOf(changed)).toEqual(fields)
  })

  it('draws from left to right, whatever the order of a list', () => {
    const { checked } = checkDraft({ ...firstDraft, along: { ...firstDraft.along, SERVERS: '25, 9' } })
    expect(checked?.values.SERVERS).toEqual([9, 25])
  })
})
