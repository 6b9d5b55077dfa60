import type { FileProblem } from '#shared/contract/problem'

/** Problems of a file by the place that they are about: `hosts[2].address`. */
export type ProblemAt = (path: string) => string | null

/** Finds the first problem at a place or within it. */
export function problemsAt(problems: readonly FileProblem[]): ProblemAt {
  return (path) => {
    const found = problems.find(
      (problem) =>
        problem.path === path || problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`),
    )
    if (!found) return null
    return found.allowed === '' ? found.message : `${found.message}. Allowed: ${found.allowed}`
  }
}

/** Problems that belong to no host. */
export function problemsOfFile(problems: readonly FileProblem[]): readonly FileProblem[] {
  return problems.filter(({ path }) => !/^(hosts|jump_hosts)\[\d+\]/.test(path))
}
