import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parameterNames } from './parameters'
import { parseExperiment } from './parse'
import type { Experiment } from './schema'
import { maxYamlLength } from '../yaml/yaml-source'

function experimentOf(yaml: string): Experiment {
  const parsed = parseExperiment(yaml)
  if (!parsed.ok) expect.fail(JSON.stringify(parsed.problems, null, 2))
  return parsed.experiment
}

function problemsOf(yaml: string) {
  const parsed = parseExperiment(yaml)
  if (parsed.ok) expect.fail('the experiment was taken')
  return parsed.problems
}

/** The only problem of a file. */
function problemOf(yaml: string) {
  const problems = problemsOf(yaml)
  expect(problems.map((problem) => problem.message)).toHaveLength(1)
  return problems[0]
}

describe('a right experiment', () => {
  test('has defaults for all but its name', () => {
    expect(experimentOf('name: Small')).toEqual({
      name: 'Small',
      description: '',
      seed: 1,
      repeats: 1,
      lab: 'local',
      parameters: {},
      factors: {},
    })
  })

  test('may say off without quotes, in every version of YAML', () => {
    expect(experimentOf('name: A\nparameters: {cache: off, link_delay: off}').parameters).toEqual({
      cache: 'off',
      link_delay: 'off',
    })
    expect(experimentOf('%YAML 1.1\n---\nname: A\nfactors:\n  cache: [off, skymemory]').factors).toEqual({
      cache: ['off', 'skymemory'],
    })
  })

  test('keeps its factors in the order of the file', () => {
    const { factors } = experimentOf('name: A\nfactors: {servers: [9], cache: [off], altitude_m: [1000.5]}')
    expect(Object.keys(factors)).toEqual(['servers', 'cache', 'altitude_m'])
  })

  test('may have sections in which all is commented out', () => {
    expect(experimentOf('name: A\nparameters:\n  # servers: 9\nfactors:\n').factors).toEqual({})
  })

  test('may use anchors', () => {
    expect(
      experimentOf('name: A\nparameters: {slots: &n 20, centre_slot: 3, sessions: *n}').parameters.sessions,
    ).toBe(20)
  })
})

describe('an unknown key', () => {
  test('is refused with its place, the nearest known key and all that are allowed', () => {
    const problem = problemOf('name: A\nparameters:\n  strategy: hop\n  chunk_byte: 4096\n')
    expect(problem).toMatchObject({ line: 4, column: 3, path: 'parameters.chunk_byte', value: 'chunk_byte' })
    expect(problem?.message).toContain('did you mean chunk_bytes?')
    expect(problem?.allowed).toBe(parameterNames.join(', '))
  })

  test('among the factors, and at the top', () => {
    expect(problemOf('name: A\nfactors:\n  Servers: [9]')?.message).toContain('did you mean servers?')
    expect(problemOf('nme: A\nname: B')?.message).toBe('unknown key nme; did you mean name?')
    expect(problemOf('name: A\nxyzzy: 3')?.message).toBe('unknown key xyzzy')
  })

  test('that is a parameter in the wrong place', () => {
    expect(problemOf('name: A\nservers: 9')?.message).toContain('belongs under parameters or factors')
  })

  test('even one that would reach a prototype', () => {
    expect(problemOf('name: A\n__proto__: {x: 1}')?.value).toBe('__proto__')
    expect(problemOf('name: A\nparameters: {constructor: 1}')?.value).toBe('constructor')
    expect(problemOf('name: A\nfactors: {toString: [1]}')?.value).toBe('toString')
  })
})

describe('a wrong value', () => {
  test.each([
    ['chunk_bytes: 0', '0', 'an integer from 256 to 4,194,304 B'],
    ['chunk_bytes: 9e9', '9e9', 'an integer from 256 to 4,194,304 B'],
    ['chunk_bytes: 4096.5', '4096.5', 'an integer from 256 to 4,194,304 B'],
    ['servers: nine', 'nine', 'an integer from 1 to 65,535'],
    ['servers: "9"', '"9"', 'an integer from 1 to 65,535'],
    ['servers: [9]', '[9]', 'an integer from 1 to 65,535'],
    ['servers: true', 'true', 'an integer from 1 to 65,535'],
    ['altitude_m: .nan', '.nan', 'a number from 1 to 100,000,000 m'],
    ['altitude_m: .inf', '.inf', 'a number from 1 to 100,000,000 m'],
    ['prefill_quadratic_s: 2', '2', 'a number from 0 to 1 s/token²'],
    ['strategy: random', 'random', 'one of rotation, hop, hop_rotation'],
    ['documents: ""', '""', 'a text that is not empty'],
  ])('%s', (line, value, allowed) => {
    const problem = problemOf(`name: A\nparameters:\n  ${line}\n`)
    const key = line.split(':')[0] ?? ''
    expect(problem).toMatchObject({
      line: 3,
      column: 3 + key.length + 2,
      path: `parameters.${key}`,
      value,
      allowed,
    })
    expect(problem?.message).toBe(`parameters.${key} must be ${allowed}, not ${value}`)
  })

  test('no value at all points at its key', () => {
    const problem = problemOf('name: A\nparameters:\n  servers:\n')
    expect(problem).toMatchObject({ line: 3, column: 3, value: '' })
    expect(problem?.message).toBe('parameters.servers is missing or empty')
  })

  test.each([
    ['seed: -1', 'seed'],
    ['seed: 4294967296', 'seed'],
    ['repeats: 0', 'repeats'],
    ['repeats: 1001', 'repeats'],
    ['lab: Mars!', 'lab'],
    ['description: [a]', 'description'],
    ['parameters: 3', 'parameters'],
    ['factors: [servers]', 'factors'],
  ])('%s', (line, path) => {
    expect(problemOf(`name: A\n${line}`)).toMatchObject({ line: 2, path })
  })

  test('the name is missing, or the file is no experiment at all', () => {
    expect(problemOf('seed: 1')?.message).toBe('name is missing or empty')
    expect(problemOf('')?.message).toBe('the file is missing or empty')
    expect(problemOf('- a\n- b')?.message).toContain('must be an experiment')
    expect(problemOf('name: "  "')?.path).toBe('name')
  })
})

describe('factors', () => {
  test('need values', () => {
    expect(problemOf('name: A\nfactors: {servers: []}')).toMatchObject({
      path: 'factors.servers',
      value: '[]',
    })
    expect(problemOf('name: A\nfactors: {servers: 9}')?.allowed).toMatch(
      /^a list of one or more values, each an integer/,
    )
  })

  test('have each value once', () => {
    expect(problemOf('name: A\nfactors:\n  servers: [9, 25, 9]')).toMatchObject({
      line: 3,
      column: 20,
      path: 'factors.servers[2]',
      value: '9',
      allowed: 'each value once',
    })
  })

  test('are checked value by value', () => {
    expect(problemOf('name: A\nfactors:\n  chunk_bytes:\n    - 4096\n    - 0\n')).toMatchObject({
      line: 5,
      column: 7,
      path: 'factors.chunk_bytes[1]',
      value: '0',
      allowed: 'an integer from 256 to 4,194,304 B',
    })
  })

  test('cannot have a fixed value too', () => {
    expect(problemOf('name: A\nparameters: {servers: 9}\nfactors: {servers: [9, 25]}')).toMatchObject({
      line: 2,
      path: 'parameters.servers',
    })
  })
})

describe('values that contradict each other', () => {
  test.each([
    ['servers: 96', 'parameters.servers', '1 to 95'],
    [
      'servers: 9\n  slots: 4\n  planes: 2\n  centre_slot: 1\n  centre_plane: 1\n  los_planes: 2',
      'parameters.servers',
      '1 to 8',
    ],
    ['centre_slot: 19', 'parameters.centre_slot', '0 to 18'],
    ['centre_plane: 5', 'parameters.centre_plane', '0 to 4'],
    ['los_slots: 20', 'parameters.los_slots', '1 to 19'],
    ['los_planes: 6', 'parameters.los_planes', '1 to 5'],
    ['slots: 60000\n  planes: 60000', 'parameters.slots', 'at most 100,000 satellites'],
    ['chunk_bytes: 1000000\n  bytes_in_flight: 100000', 'parameters.chunk_bytes', 'at most 100000 B'],
    [
      'block_tokens: 65536\n  kvc_bytes_per_token: 16777216',
      'parameters.block_tokens',
      'at most 1,073,741,824 B',
    ],
  ])('%s', (lines, path, allowed) => {
    expect(problemOf(`name: A\nparameters:\n  ${lines}`)).toMatchObject({ path, allowed })
  })

  test.each([
    'servers: 95',
    'slots: 400\n  planes: 250',
    'centre_slot: 18',
    'centre_plane: 4',
    'los_slots: 19\n  los_planes: 5',
    'chunk_bytes: 100000\n  bytes_in_flight: 100000',
    'block_tokens: 4096\n  kvc_bytes_per_token: 262144',
  ])('the last value that fits is taken: %s', (lines) => {
    expect(experimentOf(`name: A\nparameters:\n  ${lines}`).name).toBe('A')
  })

  test('every factor value is checked, and each wrong one told once', () => {
    const problems = problemsOf('name: A\nfactors:\n  planes: [5, 3]\n  servers: [9, 58, 95, 96]\n')
    expect(problems.map(({ path, line }) => [path, line])).toEqual([
      ['factors.servers[1]', 4],
      ['factors.servers[2]', 4],
      ['factors.servers[3]', 4],
    ])
  })

  test('a default that no longer fits points at what was given, and says so', () => {
    const problem = problemOf('name: A\nparameters:\n  planes: 2\n  los_planes: 2\n')
    expect(problem).toMatchObject({ line: 3, path: 'parameters.planes', allowed: 'centre_plane: 0 to 1' })
    expect(problem?.message).toContain('centre_plane has its default')
  })

  test('without a cache there is no constellation to contradict', () => {
    expect(experimentOf('name: A\nparameters: {cache: off, servers: 96}').parameters.servers).toBe(96)
    expect(problemOf('name: A\nparameters: {servers: 96}\nfactors: {cache: [off, skymemory]}')?.path).toBe(
      'parameters.servers',
    )
  })

  test('more than 10,000 trials', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => i + 1).join(', ')
    const yaml = (repeats: number) =>
      `name: A\nrepeats: ${repeats}\nfactors:\n  turns: [${many(100)}]\n  sessions: [${many(100)}]\n`
    expect(parseExperiment(yaml(1)).ok).toBe(true)
    expect(problemOf(yaml(2))).toMatchObject({ path: 'factors', allowed: 'at most 10,000 trials' })
    expect(problemOf(yaml(2))?.message).toBe('the grid has 20,000 trials')
  })
})

describe('YAML itself', () => {
  test('a syntax error has its place', () => {
    expect(problemsOf('name: A\nfactors:\n  servers: [9, 25\nseed: 1\n')[0]).toMatchObject({
      line: 4,
      column: 1,
    })
    expect(problemOf('name: A\nparameters:\n\tservers: 9')).toMatchObject({ line: 3, column: 1 })
  })

  test('duplicate keys name both lines, at any depth', () => {
    expect(problemOf('name: A\nseed: 1\nname: B')).toMatchObject({ line: 3, column: 1, value: 'name' })
    expect(problemOf('name: A\nparameters:\n  servers: 9\n  servers: 25')?.message).toBe(
      'the key servers is there twice: first on line 3',
    )
  })

  test.each([
    ['several documents', 'name: A\n---\nname: B\n'],
    ['an unknown tag', 'name: !secret A'],
    ['an unknown alias', 'name: *a'],
    ['a map as a key', 'name: A\n? {a: 1}\n: 2\n'],
    ['aliases that multiply', bomb()],
    ['endless nesting', `name: A\nparameters: ${'['.repeat(200_000)}`],
    ['a file that is too long', `name: A\n#${' '.repeat(maxYamlLength)}`],
    ['control characters', 'name: "\u0000\u0001'],
  ])('%s: refused, not thrown', (_, yaml) => {
    expect(problemsOf(yaml).length).toBeGreaterThan(0)
  })

  test('any text gives an experiment or problems, never a throw', () => {
    const piece = fc.constantFrom(
      'name',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      'servers',
      'factors',
      '9',
      '&a ',
      '*a',
      '"',
      '%',
      '!',
      '\t',
      '|',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (yaml) => {
        const parsed = parseExperiment(yaml)
        if (!parsed.ok) expect(parsed.problems.length).toBeGreaterThan(0)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('all problems of a file are told, in its order', () => {
  const yaml = `name: A
sed: 1
repeats: none
parameters:
  servers: 96
  chunk_bytes: 0
  lokup: batch
factors:
  servers: [9, 9]
  eviction: []
`
  expect(problemsOf(yaml).map(({ line, path }) => `${line} ${path}`)).toEqual([
    '2 sed',
    '3 repeats',
    '5 parameters.servers',
    '6 parameters.chunk_bytes',
    '7 parameters.lokup',
    '9 factors.servers[1]',
    '10 factors.eviction',
  ])
})

/** Nine levels of nine aliases each: 9^9 values. */
function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
  )
  return `l0: &l0 x\n${levels.join('\n')}\n`
}
