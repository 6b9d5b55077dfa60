import { yamlText } from '../yaml/yaml-text'
import { defaultDataPort, type Inventory } from './inventory'

/** The inventory as a file for people: what is as it would be anyway is left out. It holds no secret. */
export function inventoryYaml({ name, description, hosts, jump_hosts: jumpHosts }: Inventory): string {
  return yamlText({
    name,
    ...(description === '' ? {} : { description }),
    hosts: hosts.map(withoutDefaults),
    ...(jumpHosts.length === 0 ? {} : { jump_hosts: jumpHosts.map(withoutDefaults) }),
  })
}

const defaults: Readonly<Record<string, unknown>> = {
  port: 22,
  authentication: { kind: 'agent' },
  jump: [],
  service: 'auto',
  host_node: false,
  models: false,
  data_port: defaultDataPort,
}

function withoutDefaults(host: object): object {
  return Object.fromEntries(
    Object.entries(host).filter(
      ([key, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(defaults[key]),
    ),
  )
}
