import type { Page } from '@playwright/test'
import type { LabState } from '#shared/contract/console-api'
import { engineCall } from './engine-call'
import { expect } from './fixtures'

/** Start the local lab through the engine, and wait until every host is healthy. Returns the hosts' processes. */
export async function startLab(page: Page, size = { slots: 5, planes: 2 }): Promise<number[]> {
  expect(await engineCall(page, 'startLab', size)).toMatchObject({ ok: true })
  const states = async (): Promise<string[]> => (await labHosts(page)).map((host) => host.state.kind)
  await expect.poll(states).toEqual(Array.from({ length: size.planes + 1 }, () => 'healthy'))
  return (await labHosts(page)).flatMap((host) => (host.state.kind === 'healthy' ? [host.state.pid] : []))
}

export async function labHosts(page: Page): Promise<Extract<LabState, { kind: 'running' }>['hosts']> {
  const answer = (await engineCall(page, 'labState')) as { value: LabState }
  return answer.value.kind === 'stopped' ? [] : answer.value.hosts
}
