import { isMap, isSeq, parseDocument, type Document } from 'yaml'
import { authenticationKinds, defaultDataPort, serviceChoices } from '#shared/inventory/inventory'

/**
 * The form of an inventory reads from the YAML text and writes back into it: as with experiments, the text is the only state.
 * An edit changes what it must and keeps comments, order and everything that the form does not know.
 */
export interface TargetDraft {
  readonly name: string
  readonly address: string
  /** As written; empty = 22. */
  readonly port: string
  readonly user: string
  readonly authentication: AuthenticationKind
  /** Of an agent. */
  readonly socket: string
  /** Of a key. */
  readonly file: string
}

export type AuthenticationKind = (typeof authenticationKinds)[number]
export type Role = 'satellite' | 'inference'

export interface HostDraft extends TargetDraft {
  readonly role: Role
  readonly jump: readonly string[]
  readonly service: (typeof serviceChoices)[number]
  readonly hostNode: boolean
  /** Of an inference host. */
  readonly models: boolean
  /** As written; empty = divided among the satellite hosts. */
  readonly planes: string
  readonly dataAddress: string
  readonly dataPort: string
}

export interface InventoryDraft {
  readonly name: string
  readonly description: string
  readonly hosts: readonly HostDraft[]
  readonly jumpHosts: readonly TargetDraft[]
}

export type ItemList = 'hosts' | 'jump_hosts'
export type YamlPath = readonly (string | number)[]

export const defaultSshPort = 22
export { defaultDataPort }

type Raw = Record<string, unknown>

function open(text: string): Document | null {
  const document = parseDocument(text, { version: '1.2', schema: 'core' })
  return document.errors.length === 0 && (document.contents === null || isMap(document.contents))
    ? document
    : null
}

/** What the form shows; null where the text is not YAML, so that there is nothing to show. */
export function inventoryDraftOf(text: string): InventoryDraft | null {
  const document = open(text)
  if (!document) return null
  const raw = mapOf(document.toJS())
  return {
    name: textOf(raw['name']),
    description: textOf(raw['description']),
    hosts: listOf(raw['hosts']).map(hostDraft),
    jumpHosts: listOf(raw['jump_hosts']).map(targetDraft),
  }
}

function targetDraft(raw: Raw): TargetDraft {
  const how = mapOf(raw['authentication'])
  return {
    name: textOf(raw['name']),
    address: textOf(raw['address']),
    port: textOf(raw['port']),
    user: textOf(raw['user']),
    authentication: oneOf(authenticationKinds, how['kind'], 'agent'),
    socket: textOf(how['socket']),
    file: textOf(how['file']),
  }
}

function hostDraft(raw: Raw): HostDraft {
  const planes: unknown = raw['planes']
  return {
    ...targetDraft(raw),
    role: oneOf(['satellite', 'inference'] as const, raw['role'], 'satellite'),
    jump: Array.isArray(raw['jump']) ? raw['jump'].map(textOf) : [],
    service: oneOf(serviceChoices, raw['service'], 'auto'),
    hostNode: raw['host_node'] === true,
    models: raw['models'] === true,
    planes: Array.isArray(planes) ? planes.map(textOf).join(', ') : textOf(planes),
    dataAddress: textOf(raw['data_address']),
    dataPort: textOf(raw['data_port']),
  }
}

/**
 * Set a value, or take it away (undefined). Maps on the way are made as they are needed. Text that is not YAML stays as it is.
 */
export function withValue(text: string, path: YamlPath, value: unknown): string {
  const document = open(text)
  if (!document) return text
  if (value === undefined) {
    if (document.hasIn(path)) document.deleteIn(path)
  } else {
    const isList = Array.isArray(value)
    document.setIn(path, isList ? document.createNode(value, { flow: true }) : document.createNode(value))
  }
  return written(document)
}

/** Put a host or jump host at the end of its list. */
export function withItem(text: string, list: ItemList, item: object): string {
  const document = open(text)
  if (!document) return text
  const node = document.createNode(item)
  const items = document.get(list)
  if (isSeq(items)) {
    items.flow = false
    items.add(node)
  } else {
    document.set(list, document.createNode([item]))
  }
  return written(document)
}

export function withoutItem(text: string, list: ItemList, index: number): string {
  const document = open(text)
  if (!document) return text
  if (document.hasIn([list, index])) document.deleteIn([list, index])
  const items = document.get(list)
  if (list === 'jump_hosts' && isSeq(items) && items.items.length === 0) document.delete(list)
  return written(document)
}

/** How a host is logged in on: kinds have different fields, so that the whole is written anew. */
export function withAuthentication(
  text: string,
  list: ItemList,
  index: number,
  { authentication, socket, file }: Pick<TargetDraft, 'authentication' | 'socket' | 'file'>,
): string {
  const path = [list, index, 'authentication']
  switch (authentication) {
    case 'agent':
      // The default needs no line.
      return withValue(text, path, socket === '' ? undefined : { kind: 'agent', socket })
    case 'key':
      return withValue(text, path, { kind: 'key', file })
    case 'password':
    case 'keyboard_interactive':
      return withValue(text, path, { kind: authentication })
  }
}

/** A typed list of planes, such as `0, 1` or `0-4`. What is no number stays text, so that the check can name it. */
export function parsePlanes(typed: string): (number | string)[] | undefined {
  const parts = typed
    .split(/[,\s]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0) return undefined
  return parts.flatMap((part): (number | string)[] => {
    const range = /^(\d{1,4})[-–](\d{1,4})$/.exec(part)
    const [from, to] = [Number(range?.[1]), Number(range?.[2])]
    if (range && from <= to) return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    return [numberOf(part)]
  })
}

/** A typed number; text where it is none, so that the check can name it; undefined where nothing is typed. */
export function parseNumber(typed: string): number | string | undefined {
  const text = typed.trim()
  return text === '' ? undefined : numberOf(text)
}

function numberOf(text: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/** The first name of this kind that is free: nuc1, nuc2 ... */
export function freeName(stem: string, taken: readonly string[]): string {
  for (let i = 1; ; i++) if (!taken.includes(`${stem}${i}`)) return `${stem}${i}`
}

function written(document: Document): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function mapOf(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {}
}

function listOf(value: unknown): Raw[] {
  return Array.isArray(value) ? value.map(mapOf) : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown, otherwise: T): T {
  return allowed.find((one) => one === value) ?? otherwise
}
