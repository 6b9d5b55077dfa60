import { stringify } from 'yaml'
import type { Experiment } from './schema'

/** An experiment as the file that `parseExperiment` reads back: what a form writes. Empty sections are left out. */
export function formatExperiment(experiment: Experiment): string {
  const { name, description, seed, repeats, lab, parameters, factors } = experiment
  const sections = {
    name,
    ...(description === '' ? {} : { description }),
    seed,
    repeats,
    lab,
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(Object.keys(factors).length === 0 ? {} : { factors }),
  }
  return stringify(sections, { lineWidth: 0, version: '1.2', schema: 'core' })
}
