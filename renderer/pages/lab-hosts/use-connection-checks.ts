import { shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { useEngine } from '../../engine'
import { useConnection } from '../../stores/connection'

export type ConnectionCheck =
  | { readonly kind: 'checking' }
  | {
      readonly kind: 'ok'
      readonly roundTripMs: number
      readonly serverVersion: string
      readonly user: string
    }
  | { readonly kind: 'failed'; readonly error: ErrorBody }

/** Log in on hosts and part again, asking what they need. */
export function useConnectionChecks(lab: () => string) {
  const { client } = useEngine()
  const connection = useConnection()
  const checks = shallowRef<ReadonlyMap<string, ConnectionCheck>>(new Map())

  function set(host: string, check: ConnectionCheck | null): void {
    const next = new Map(checks.value)
    if (check === null) next.delete(host)
    else next.set(host, check)
    checks.value = next
  }

  async function checkOne(host: string): Promise<void> {
    set(host, { kind: 'checking' })
    try {
      const answer = await connection.asking(() => client.call('checkConnection', { lab: lab(), host }))
      set(host, { kind: 'ok', ...answer })
    } catch (thrown) {
      const error = toErrorBody(thrown)
      set(host, error.code === 'cancelled' ? null : { kind: 'failed', error })
    }
  }

  async function check(hosts: readonly string[]): Promise<void> {
    await Promise.all(hosts.map(checkOne))
  }

  return { checks, check }
}
