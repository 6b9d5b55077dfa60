import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { LabPlan, ProvisioningState } from '#shared/contract/provisioning-api'
import { useEngine } from '../engine'
import { mergePlans, mergeStates, type ProvisioningAction } from '../provisioning/progress'
import { useConnection } from './connection'
import { without } from './preflight'

const methods = { apply: 'apply', rollback: 'rollback', remove: 'removeInstallation' } as const

/** What would be deployed on the hosts of each lab, and what is being done there. */
export const useProvisioning = defineStore('provisioning', () => {
  const { client } = useEngine()
  const connection = useConnection()
  const plans = shallowRef<ReadonlyMap<string, LabPlan>>(new Map())
  const states = shallowRef<ReadonlyMap<string, ProvisioningState>>(new Map())
  const errors = shallowRef<ReadonlyMap<string, ErrorBody>>(new Map())
  /** Labs whose hosts are being looked at. */
  const planning = shallowRef<ReadonlySet<string>>(new Set())
  /** Labs with an act of this window that has not come back yet. */
  const acting = shallowRef<ReadonlySet<string>>(new Set())

  client.on('provisioningChanged', takeState)

  function takeState(state: ProvisioningState): void {
    states.value = new Map(states.value).set(
      state.lab,
      mergeStates(states.value.get(state.lab) ?? null, state),
    )
  }

  function takePlan(plan: LabPlan): void {
    plans.value = new Map(plans.value).set(plan.lab, mergePlans(plans.value.get(plan.lab) ?? null, plan))
  }

  const busyLabs = computed(
    () =>
      new Set(
        [...states.value.values()].filter(({ finishedAt }) => finishedAt === null).map(({ lab }) => lab),
      ),
  )

  /** What goes on or went on, also before this window was opened. */
  async function load(lab: string): Promise<void> {
    const state = await client.call('provisioning', { lab })
    if (state && !states.value.has(lab)) takeState(state)
  }

  async function plan(lab: string): Promise<void> {
    if (planning.value.has(lab)) return
    planning.value = new Set([...planning.value, lab])
    errors.value = without(errors.value, lab)
    plans.value = without(plans.value, lab)
    try {
      const whole = await connection.askingHosts(
        null,
        (hosts) => client.call('plan', { lab, hosts }),
        (answer) => answer.hosts,
        mergePlans,
      )
      takePlan(whole)
    } catch (thrown) {
      fail(lab, thrown)
    } finally {
      planning.value = new Set([...planning.value].filter((one) => one !== lab))
    }
  }

  /** @param hosts null = all hosts of the lab */
  async function act(lab: string, action: ProvisioningAction, hosts: string[] | null): Promise<void> {
    if (acting.value.has(lab) || busyLabs.value.has(lab)) return
    acting.value = new Set([...acting.value, lab])
    errors.value = without(errors.value, lab)
    try {
      const state = await connection.askingHosts(
        hosts,
        (some) => client.call(methods[action], { lab, hosts: some }),
        (answer) => answer.hosts,
        mergeStates,
      )
      takeState(state)
      // What was planned is done, or half done: the plan says no longer what would happen.
      plans.value = without(plans.value, lab)
    } catch (thrown) {
      fail(lab, thrown)
    } finally {
      acting.value = new Set([...acting.value].filter((one) => one !== lab))
    }
  }

  async function cancel(lab: string): Promise<void> {
    await client.call('cancelProvisioning', { lab })
  }

  function fail(lab: string, thrown: unknown): void {
    const error = toErrorBody(thrown)
    if (error.code !== 'cancelled') errors.value = new Map(errors.value).set(lab, error)
  }

  return { plans, states, errors, planning, acting, busyLabs, load, plan, act, cancel }
})
