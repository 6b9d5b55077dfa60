import type { FileProblem } from '#shared/contract/problem'

/** Problems of a file by the place that they are about: `hosts[2].address`. */
export type ProblemAt = (path: string) => string | null

/** Finds the first problem at a place or within it, as it stands beside the field of that place. */
export function problemsAt(problems: readonly FileProblem[]): ProblemAt {
  return (path) => {
    const found = problems.find(
      (problem) =>
        problem.path === path || problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`),
    )
    if (!found) return null
    const { message, allowed } = found
    const text = message.startsWith(`${path} `) ? message.slice(path.length + 1) : message
    return allowed === '' || message.includes(allowed) ? text : `${text}. Allowed: ${allowed}`
  }
}

/** Problems that belong to no host. */
export function problemsOfFile(problems: readonly FileProblem[]): readonly FileProblem[] {
  return problems.filter(({ path }) => !/^(hosts|jump_hosts)\[\d+\]/.test(path))
}
