import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { FileProblem } from '#shared/contract/problem'
import type { Inventory } from '#shared/inventory/inventory'
import { useEngine } from '../engine'
import { useInventories } from '../stores/inventories'
import { inventoryDraftOf } from './inventory-draft'

/** Long enough that a check does not run for every key, short enough to feel immediate. */
const checkDelayMs = 200

/**
 * A lab that is being written. Its YAML text is the only state; the engine says what is wrong with it.
 * @param replaces the lab that is edited; null = a new one
 */
export function useInventoryEditor(initial: string, replaces: string | null) {
  const { client } = useEngine()
  const inventories = useInventories()
  const yaml = shallowRef(initial)
  const inventory = shallowRef<Inventory | null>(null)
  const problems = shallowRef<readonly FileProblem[]>([])
  const checking = shallowRef(false)
  const saving = shallowRef(false)
  /** Why it could not be checked or saved. */
  const error = shallowRef<ErrorBody | null>(null)
  const draft = computed(() => inventoryDraftOf(yaml.value))
  const changed = computed(() => yaml.value !== initial)

  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function check(): Promise<void> {
    clearTimeout(timer)
    const question = ++asked
    checking.value = true
    try {
      const answer = await client.call('parseInventory', { yaml: yaml.value })
      if (question !== asked) return
      inventory.value = answer.inventory
      problems.value = answer.problems
      error.value = null
    } catch (thrown) {
      if (question === asked) error.value = toErrorBody(thrown)
    } finally {
      if (question === asked) checking.value = false
    }
  }

  watch(yaml, () => {
    checking.value = true
    clearTimeout(timer)
    timer = setTimeout(() => void check(), checkDelayMs)
  })
  onScopeDispose(() => clearTimeout(timer))

  /** @returns the name that it was saved under, or null when it was not; `problems` or `error` say why */
  async function save(): Promise<string | null> {
    saving.value = true
    try {
      await check()
      if (inventory.value === null || error.value !== null) return null
      await inventories.save(inventory.value, replaces)
      return inventory.value.name
    } catch (thrown) {
      error.value = toErrorBody(thrown)
      return null
    } finally {
      saving.value = false
    }
  }

  return { yaml, draft, inventory, problems, checking, saving, error, changed, check, save }
}
