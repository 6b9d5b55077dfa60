/**
 * Do some work on each of many, so many at a time; answers come in the order of what was asked. After a failure nothing more is begun;
 * it is thrown once the work under way has ended, so that nothing goes on behind the caller's back. Of several failures the first one counts.
 */
export async function inParallel<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  const failures: unknown[] = []
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    // The iterator is shared: each of the workers takes the next one that nobody has.
    for (const [index, item] of waiting) {
      try {
        answers[index] = await work(item)
      } catch (thrown) {
        failures.push(thrown)
      }
      if (failures.length > 0) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
  return answers
}
