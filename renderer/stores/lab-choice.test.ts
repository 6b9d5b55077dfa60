import { describe, expect, it } from 'vitest'
import { draftOf, withHead } from '../experiment/draft'
import { withStores } from '../testing/with-stores'
import { useInventories } from './inventories'
import { useLab } from './lab'
import { useLabChoice } from './lab-choice'
import { useNewLab } from './new-lab'

const lab = 'testbed'

function stores() {
  const { engine, use } = withStores()
  engine.ssh.addTestbed()
  engine.ssh.access.acceptAll(lab)
  engine.ssh.provisioning.install(lab)
  return {
    engine,
    inventories: use(useInventories),
    state: use(useLab),
    choice: use(useLabChoice),
    beginning: use(useNewLab),
  }
}

describe('the lab in sight', () => {
  it('is the local one until another is chosen', async () => {
    const { choice, inventories } = stores()
    await inventories.refresh()
    expect([choice.chosen, choice.isLocal]).toEqual(['local', true])
    expect(choice.options.map(({ value }) => value)).toEqual(['local', lab])
    choice.choose(lab)
    expect([choice.chosen, choice.isLocal, choice.isCurrent]).toEqual([lab, false, false])
  })

  it('follows the lab that runs, also when a run has started it', async () => {
    const { choice, inventories, state } = stores()
    await inventories.refresh()
    await state.start(19, 5, lab)
    expect([choice.chosen, choice.isCurrent]).toEqual([lab, true])
    choice.choose('local')
    expect(choice.isCurrent).toBe(false)
    await state.start(19, 5)
    expect([choice.chosen, choice.isCurrent]).toEqual(['local', true])
  })

  it('is the local one again when the chosen one is deleted', async () => {
    const { choice, inventories } = stores()
    await inventories.refresh()
    choice.choose(lab)
    await inventories.remove(lab)
    expect(choice.chosen).toBe('local')
  })
})

it('the text of a new lab begins one lab only', () => {
  const { beginning } = stores()
  beginning.yaml = 'name: a\n'
  expect([beginning.take(), beginning.take()]).toEqual(['name: a\n', null])
})

it('an experiment names its lab, and leaves the local one out', () => {
  const text = 'name: x # mine\n'
  const named = withHead(text, 'lab', lab)
  expect(draftOf(named)?.lab).toBe(lab)
  expect(draftOf(text)?.lab).toBe('local')
  expect(withHead(named, 'lab', 'local')).toBe(text)
})
