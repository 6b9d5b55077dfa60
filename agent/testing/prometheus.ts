/**
 * The samples of a scrape in Prometheus' text format, by name and labels as they stand there.
 * @throws Error at the first line that is none of that format, or a sample of a family that was not announced
 */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const families = new Set<string>()
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  for (const line of text.split('\n')) {
    const announced = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    if (announced) families.add(announced[2] as string)
    else if (line !== '') {
      const sample = /^([a-zA-Z_:][\w:]*)(\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})? (\S+)$/.exec(line)
      if (!sample) throw new Error(`no sample: ${line}`)
      const [, name = '', labels = '', value] = sample
      const family = families.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
      if (!families.has(family)) throw new Error(`${name} was not announced`)
      if (Number.isNaN(Number(value)) || samples.has(name + labels)) throw new Error(`bad sample: ${line}`)
      samples.set(name + labels, Number(value))
    }
  }
  return samples
}

/** Until the blocks of all requests that were answered are stored. @param url base of the API of the model `model` */
export async function untilStored(url: string, model: string): Promise<void> {
  for (let storing = 1; storing > 0;) {
    const scrape = await fetch(new URL('/metrics', url))
    storing = samplesOf(await scrape.text()).get(`skymemory:num_requests_storing{model_name="${model}"}`) ?? 0
  }
}
