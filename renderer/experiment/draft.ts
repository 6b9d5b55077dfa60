import { isMap, parseDocument, type Document } from 'yaml'
import { parameterNames, parameters, type ParameterName } from '#shared/experiment/parameters'
import type { ParameterValue } from '#shared/experiment/schema'

/**
 * The experiment form reads from the YAML text and writes back into it: the text is the only state, so form and file cannot
 * differ. An edit changes what it must and keeps comments, order and everything that the form does not know.
 */
export type Setting =
  | { readonly kind: 'default' }
  | { readonly kind: 'fixed'; readonly value: ParameterValue }
  | { readonly kind: 'factor'; readonly values: readonly ParameterValue[] }

export interface Draft {
  readonly name: string
  readonly description: string
  readonly seed: number
  readonly repeats: number
  /** `local`, `simulated`, or the name of an inventory. */
  readonly lab: string
  readonly settings: Readonly<Record<ParameterName, Setting>>
}

export type HeadField = 'name' | 'description' | 'seed' | 'repeats' | 'lab'

export const defaultLab = 'local'

export const emptyExperiment = 'name: My experiment\nseed: 1\nrepeats: 1\n\nparameters: {}\n\nfactors: {}\n'

function isValue(value: unknown): value is ParameterValue {
  return typeof value === 'string' || typeof value === 'number'
}

function open(text: string): Document | null {
  const document = parseDocument(text, { version: '1.2', schema: 'core' })
  return document.errors.length === 0 && (document.contents === null || isMap(document.contents))
    ? document
    : null
}

function section(raw: unknown, key: string): Record<string, unknown> {
  const part = (raw as Record<string, unknown> | null)?.[key]
  return typeof part === 'object' && part !== null && !Array.isArray(part)
    ? (part as Record<string, unknown>)
    : {}
}

/** What the form shows; null where the text is not YAML, so that there is nothing to show. */
export function draftOf(text: string): Draft | null {
  const document = open(text)
  if (!document) return null
  const raw: unknown = document.toJS()
  const head = (raw ?? {}) as Record<string, unknown>
  const fixed = section(raw, 'parameters')
  const factors = section(raw, 'factors')
  const settings = Object.fromEntries(
    parameterNames.map((name): [ParameterName, Setting] => {
      const varied = factors[name]
      if (Array.isArray(varied)) return [name, { kind: 'factor', values: varied.filter(isValue) }]
      const value = fixed[name]
      return [name, isValue(value) ? { kind: 'fixed', value } : { kind: 'default' }]
    }),
  ) as Record<ParameterName, Setting>
  return {
    name: typeof head['name'] === 'string' ? head['name'] : '',
    description: typeof head['description'] === 'string' ? head['description'] : '',
    seed: typeof head['seed'] === 'number' ? head['seed'] : 1,
    repeats: typeof head['repeats'] === 'number' ? head['repeats'] : 1,
    lab: typeof head['lab'] === 'string' ? head['lab'] : defaultLab,
    settings,
  }
}

/** Change a field of the experiment itself. Text that is not YAML stays as it is. */
export function withHead(text: string, field: HeadField, value: string | number): string {
  const document = open(text)
  if (!document) return text
  const isDefault = (field === 'description' && value === '') || (field === 'lab' && value === defaultLab)
  if (isDefault) document.delete(field)
  else document.set(field, value)
  return written(document)
}

/** Fix a parameter, vary it, or leave it at its default. Text that is not YAML stays as it is. */
export function withSetting(text: string, name: ParameterName, setting: Setting): string {
  const document = open(text)
  if (!document) return text
  switch (setting.kind) {
    case 'default':
      remove(document, 'parameters', name)
      remove(document, 'factors', name)
      break
    case 'fixed':
      remove(document, 'factors', name)
      put(document, 'parameters', name, setting.value)
      break
    case 'factor':
      remove(document, 'parameters', name)
      put(document, 'factors', name, document.createNode([...setting.values], { flow: true }))
      break
  }
  return written(document)
}

function put(document: Document, sectionKey: string, name: string, value: unknown): void {
  const existing = document.get(sectionKey)
  if (!isMap(existing)) document.set(sectionKey, document.createNode({}))
  const map = document.get(sectionKey)
  // `factors: {}` is a flow map; with entries it reads better as lines.
  if (isMap(map) && map.items.length === 0) map.flow = false
  document.setIn([sectionKey, name], value)
}

function remove(document: Document, sectionKey: string, name: string): void {
  const map = document.get(sectionKey)
  if (!isMap(map) || !map.has(name)) return
  map.delete(name)
}

function written(document: Document): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

/** The value that a parameter has in every trial, or its first value where it is a factor. */
export function effectiveValue(name: ParameterName, setting: Setting): ParameterValue {
  switch (setting.kind) {
    case 'default':
      return parameters[name].default
    case 'fixed':
      return setting.value
    case 'factor':
      return setting.values[0] ?? parameters[name].default
  }
}

/**
 * A typed list, such as `9, 25`, as values of a parameter. What is no number where one is needed stays text, so that the check
 * of the experiment can name it.
 */
export function parseValues(name: ParameterName, typed: string): ParameterValue[] {
  const { kind } = parameters[name]
  return typed
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const plain = part.replaceAll('_', '')
      const number = Number(plain)
      return (kind === 'integer' || kind === 'number') && Number.isFinite(number) ? number : part
    })
}
