import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** Unix ms, kept up to date while the component is shown: for times that count down. */
export function useNow(everyMs = 1_000): Ref<number> {
  const now = ref(Date.now())
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    timer = setInterval(() => (now.value = Date.now()), everyMs)
  })
  onBeforeUnmount(() => clearInterval(timer))
  return now
}
