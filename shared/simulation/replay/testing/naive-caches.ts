import type { CachePolicy } from '../block-cache'

/** A cache that is written down as plainly as its definition, with arrays that are searched from end to end. The front of a list is its start. */
export interface NaiveCache {
  touch(block: number): boolean
  blocks(): readonly number[]
}

const without = (list: readonly number[], block: number): number[] => list.filter((each) => each !== block)

function naiveLru(capacity: number): NaiveCache {
  let held: number[] = []
  return {
    blocks: () => held,
    touch: (block) => {
      const hit = held.includes(block)
      held = [block, ...without(held, block)].slice(0, capacity)
      return hit
    },
  }
}

function naiveFifo(capacity: number): NaiveCache {
  let held: number[] = []
  return {
    blocks: () => held,
    touch: (block) => {
      if (held.includes(block)) return true
      held = [block, ...held].slice(0, capacity)
      return false
    },
  }
}

function naiveLfu(capacity: number): NaiveCache {
  const held = new Map<number, { uses: number; last: number }>()
  let now = 0
  return {
    blocks: () => [...held.keys()],
    touch: (block) => {
      now += 1
      const known = held.get(block)
      if (known) {
        known.uses += 1
        known.last = now
        return true
      }
      if (held.size === capacity) {
        const [victim] = [...held].sort(([, a], [, b]) => a.uses - b.uses || a.last - b.last)
        held.delete((victim as [number, unknown])[0])
      }
      held.set(block, { uses: 1, last: now })
      return false
    },
  }
}

function naiveS3Fifo(capacity: number): NaiveCache {
  const smallCapacity = Math.max(1, Math.floor(capacity / 10))
  const mainCapacity = capacity - smallCapacity
  const small: number[] = []
  const main: number[] = []
  const ghost: number[] = []
  const uses = new Map<number, number>()
  const usesOf = (block: number): number => uses.get(block) ?? 0
  const evictFromMain = (): boolean => {
    for (let block = main.pop(); block !== undefined; block = main.pop()) {
      if (usesOf(block) === 0) return true
      uses.set(block, usesOf(block) - 1)
      main.unshift(block)
    }
    return false
  }
  const evictFromSmall = (): void => {
    for (let block = small.pop(); block !== undefined; block = small.pop()) {
      if (usesOf(block) <= 1) {
        ghost.unshift(block)
        ghost.splice(mainCapacity)
        return
      }
      const evicted = main.length >= mainCapacity && evictFromMain()
      uses.set(block, 0)
      main.unshift(block)
      if (evicted) return
    }
  }
  return {
    blocks: () => [...small, ...main],
    touch: (block) => {
      if (small.includes(block) || main.includes(block)) {
        uses.set(block, Math.min(3, usesOf(block) + 1))
        return true
      }
      while (small.length + main.length >= capacity) {
        if (small.length >= smallCapacity) evictFromSmall()
        else evictFromMain()
      }
      uses.set(block, 0)
      const remembered = ghost.indexOf(block)
      if (remembered >= 0) {
        ghost.splice(remembered, 1)
        main.unshift(block)
      } else small.unshift(block)
      return false
    },
  }
}

/** Figure 4 of the paper, with its names; the most recently used block of a list comes first. */
function naiveArc(c: number): NaiveCache {
  let [t1, t2, b1, b2]: [number[], number[], number[], number[]] = [[], [], [], []]
  let p = 0
  const replace = (x: number): void => {
    if (t1.length >= 1 && (t1.length > p || (b2.includes(x) && t1.length === p))) {
      b1 = [t1.at(-1) as number, ...b1]
      t1 = t1.slice(0, -1)
    } else {
      b2 = [t2.at(-1) as number, ...b2]
      t2 = t2.slice(0, -1)
    }
  }
  return {
    blocks: () => [...t1, ...t2],
    touch: (x) => {
      if (t1.includes(x) || t2.includes(x)) {
        t1 = without(t1, x)
        t2 = [x, ...without(t2, x)]
        return true
      }
      if (b1.includes(x)) {
        p = Math.min(c, p + (b1.length >= b2.length ? 1 : b2.length / b1.length))
        replace(x)
        b1 = without(b1, x)
        t2 = [x, ...t2]
      } else if (b2.includes(x)) {
        p = Math.max(0, p - (b2.length >= b1.length ? 1 : b1.length / b2.length))
        replace(x)
        b2 = without(b2, x)
        t2 = [x, ...t2]
      } else {
        if (t1.length + b1.length === c) {
          if (t1.length < c) {
            b1 = b1.slice(0, -1)
            replace(x)
          } else t1 = t1.slice(0, -1)
        } else {
          const all = t1.length + t2.length + b1.length + b2.length
          if (all >= c) {
            if (all === 2 * c) b2 = b2.slice(0, -1)
            replace(x)
          }
        }
        t1 = [x, ...t1]
      }
      return false
    },
  }
}

function naiveOptimum(capacity: number, references: readonly number[]): NaiveCache {
  let held: number[] = []
  let position = 0
  const nextUse = (block: number): number => {
    const next = references.indexOf(block, position)
    return next < 0 ? Infinity : next
  }
  return {
    blocks: () => held,
    touch: (block) => {
      position += 1
      const hit = held.includes(block)
      if (!hit) held.push(block)
      // Of blocks that are never used again, which one is dropped makes no difference to hits; the order of the list decides.
      if (held.length > capacity) {
        const farthest = Math.max(...held.map(nextUse))
        const victim = held.find((each) => nextUse(each) === farthest) as number
        held = without(held, victim)
      }
      return hit
    },
  }
}

export function naiveCache(policy: CachePolicy, capacity: number, references: readonly number[]): NaiveCache {
  switch (policy) {
    case 'lru':
      return naiveLru(capacity)
    case 'lfu':
      return naiveLfu(capacity)
    case 'fifo':
      return naiveFifo(capacity)
    case 's3-fifo':
      return naiveS3Fifo(capacity)
    case 'arc':
      return naiveArc(capacity)
    case 'optimum':
      return naiveOptimum(capacity, references)
  }
}
