import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

/** The text that a new lab begins with, from where it was asked for to its editor. */
export const useNewLab = defineStore('new-lab', () => {
  const yaml = shallowRef<string | null>(null)

  /** Take the text; it begins one lab only. */
  function take(): string | null {
    const text = yaml.value
    yaml.value = null
    return text
  }

  return { yaml, take }
})
