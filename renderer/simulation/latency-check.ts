import type { Torus } from '#shared/constellation/torus'
import { toErrorBody } from '#shared/contract/errors'
import {
  checkAltitude,
  checkChunkProcessingTime,
  checkOnTorus,
  checkWholeNumber,
  type LatencyConfiguration,
  type LatencyParameter,
} from '#shared/simulation/latency/configuration'
import { variedParameters, type VariedParameter } from '#shared/simulation/sweep/vary'
import type { DraftField, LatencyDraft } from './latency-draft'
import { parseQuantities, parseQuantity, unitNames, type UnitKind } from './quantity'

/** Points of one figure at most: more than any screen has columns. */
export const maxFigurePoints = 2000

/** What is wrong in a field, and what it may hold. */
export interface FieldProblem {
  readonly message: string
  readonly allowed: string
}

/** The name of the field that a problem stands at. */
export type ProblemField = DraftField | VariedParameter

export type VariedValues = Readonly<Record<VariedParameter, readonly number[]>>

export interface CheckedDraft {
  readonly problems: ReadonlyMap<ProblemField, FieldProblem>
  /** What the form says; null while anything is wrong in it. The strategy is chosen where it is used. */
  readonly checked: {
    readonly configuration: Omit<LatencyConfiguration, 'strategy'>
    readonly values: VariedValues
  } | null
}

export const fieldUnits: Readonly<Record<ProblemField, UnitKind>> = {
  slots: 'count',
  planes: 'count',
  centreSlot: 'count',
  centrePlane: 'count',
  altitude: 'length',
  rotations: 'count',
  servers: 'count',
  kvcBytes: 'bytes',
  chunkBytes: 'bytes',
  chunkProcessingTime: 'time',
  KVC_BYTES: 'bytes',
  SERVERS: 'count',
  CHUNK_PROCESSING_TIME: 'time',
  ALTITUDE: 'length',
}

/** The field that the model's name of a parameter stands for. The LOS window is none of the form's. */
const fieldOf: Readonly<Partial<Record<LatencyParameter, DraftField>>> = {
  slots: 'slots',
  planes: 'planes',
  centre: 'centreSlot',
  rotations: 'rotations',
  servers: 'servers',
  altitude: 'altitude',
  'kvc-bytes': 'kvcBytes',
  'chunk-bytes': 'chunkBytes',
  'chunk-processing-time': 'chunkProcessingTime',
}

/** The model's check of one number. */
const checks: Readonly<Record<ProblemField, (value: number) => void>> = {
  slots: (value) => checkWholeNumber('slots', value),
  planes: (value) => checkWholeNumber('planes', value),
  // Whether it is on the torus is known only with the torus.
  centreSlot: () => undefined,
  centrePlane: () => undefined,
  altitude: checkAltitude,
  rotations: (value) => checkWholeNumber('rotations', value),
  servers: (value) => checkWholeNumber('servers', value),
  kvcBytes: (value) => checkWholeNumber('kvc-bytes', value),
  chunkBytes: (value) => checkWholeNumber('chunk-bytes', value),
  chunkProcessingTime: checkChunkProcessingTime,
  KVC_BYTES: (value) => checkWholeNumber('kvc-bytes', value),
  SERVERS: (value) => checkWholeNumber('servers', value),
  CHUNK_PROCESSING_TIME: checkChunkProcessingTime,
  ALTITUDE: checkAltitude,
}

/** The form against the model's own rules: every field that is wrong, and what it may hold. */
export function checkDraft(draft: LatencyDraft): CheckedDraft {
  const problems = new Map<ProblemField, FieldProblem>()
  const one = (field: DraftField): number => {
    const [value = Number.NaN] = readField(field, draft[field], problems, false)
    return value
  }
  const configuration = {
    preset: draft.geometry,
    torus: { slots: one('slots'), planes: one('planes') },
    centre: { slot: one('centreSlot'), plane: one('centrePlane') },
    altitudeM: one('altitude'),
    rotations: one('rotations'),
    servers: one('servers'),
    kvcBytes: one('kvcBytes'),
    chunkBytes: one('chunkBytes'),
    chunkProcessingTimeS: one('chunkProcessingTime'),
  }
  const values = Object.fromEntries(
    variedParameters.map((parameter) => [
      parameter,
      readField(parameter, draft.along[parameter], problems, true),
    ]),
  ) as Record<VariedParameter, readonly number[]>
  checkTogether(configuration, values, problems)
  return { problems, checked: problems.size === 0 ? { configuration, values } : null }
}

function readField(
  field: ProblemField,
  text: string,
  problems: Map<ProblemField, FieldProblem>,
  many: boolean,
): readonly number[] {
  const kind = fieldUnits[field]
  const parsed = many ? parseQuantities(text, kind) : parseQuantity(text, kind)
  if (!parsed.ok) {
    const inUnits = kind === 'count' ? '' : ` in ${unitNames(kind)}`
    const allowed = many ? `numbers${inUnits} with commas, or from:to:step` : `a number${inUnits}`
    problems.set(field, { message: parsed.problem, allowed: `Allowed: ${allowed}.` })
    return []
  }
  if (parsed.values.length > maxFigurePoints) {
    const message = `${parsed.values.length} values`
    problems.set(field, { message, allowed: `Allowed: up to ${maxFigurePoints}.` })
    return []
  }
  for (const value of parsed.values) {
    const problem = refusal(() => checks[field](value))
    if (!problem) continue
    problems.set(field, problem)
    return []
  }
  // A line goes from left to right, whatever the order of the list.
  return parsed.values.toSorted((a, b) => a - b)
}

/** What can only be seen from several fields: servers and centre against the torus. */
function checkTogether(
  configuration: Omit<LatencyConfiguration, 'strategy'>,
  values: VariedValues,
  problems: Map<ProblemField, FieldProblem>,
): void {
  const { torus, centre } = configuration
  if (!hasTorus(torus, problems) || problems.has('centreSlot') || problems.has('centrePlane')) return
  // A number of servers that is wrong by itself says nothing about the centre.
  const servers = problems.has('servers') ? 1 : configuration.servers
  const refused = refusalOf(() => checkOnTorus(torus, servers, centre))
  if (refused) problems.set(refused.field, refused.problem)
  const most = values.SERVERS.at(-1)
  if (most === undefined || problems.has('slots') || problems.has('centreSlot')) return
  const problem = refusal(() => checkOnTorus(torus, most, centre))
  if (problem) problems.set('SERVERS', problem)
}

function hasTorus({ slots, planes }: Torus, problems: ReadonlyMap<ProblemField, FieldProblem>): boolean {
  return !problems.has('slots') && !problems.has('planes') && slots > 0 && planes > 0
}

function refusal(check: () => void): FieldProblem | null {
  return refusalOf(check)?.problem ?? null
}

function refusalOf(check: () => void): { field: DraftField; problem: FieldProblem } | null {
  try {
    check()
    return null
  } catch (thrown) {
    const { message, hint, details } = toErrorBody(thrown)
    const field = fieldOf[details['parameter'] as LatencyParameter]
    if (field === undefined) throw thrown
    return { field, problem: { message, allowed: hint } }
  }
}
