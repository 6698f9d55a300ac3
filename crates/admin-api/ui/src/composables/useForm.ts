// A form: what was typed stays when sending it fails, and each problem stands beside its field.
import { computed, reactive, ref, type ComputedRef, type Ref } from 'vue'
import type { FieldProblem } from '@/api/errors'
import { wordsOf, wordsOfProblem } from '@/format/problems'
import { asApiError } from './useLoad'

export interface Form<Model extends object> {
  model: Model
  isBusy: Ref<boolean>
  /** What is wrong with a field, or with something inside it. */
  problem: (field: string) => string
  /** What is wrong and stands beside no field. */
  general: ComputedRef<string>
  send: () => Promise<boolean>
  reset: (model: Model) => void
  /** Notes problems that were found without the server. */
  refuse: (found: FieldProblem[]) => void
}

export function useForm<Model extends object>(fresh: Model, submit: (model: Model) => Promise<unknown>): Form<Model> {
  const model = reactive(structuredClone(fresh)) as Model
  const isBusy = ref(false)
  const problems = ref<FieldProblem[]>([])
  const message = ref('')
  const claimed = reactive(new Set<string>())

  function problem(field: string): string {
    claimed.add(field)
    const found = problems.value.filter((problem) => isInside(problem.field, field))
    return found.map((found) => wordsOfProblem(found, field)).join('; ')
  }

  const general = computed(() => {
    const loose = problems.value.filter((problem) => ![...claimed].some((field) => isInside(problem.field, field)))
    if (problems.value.length === 0) return message.value
    return loose.map((problem) => `${problem.field}: ${wordsOfProblem(problem, problem.field)}`).join('; ')
  })

  function refuse(found: FieldProblem[]): void {
    problems.value = found
    message.value = ''
  }

  async function send(): Promise<boolean> {
    if (isBusy.value) return false
    isBusy.value = true
    refuse([])
    try {
      await submit(model)
      return problems.value.length === 0
    } catch (cause) {
      const error = asApiError(cause)
      problems.value = error.fields
      message.value = wordsOf(error)
      return false
    } finally {
      isBusy.value = false
    }
  }

  function reset(to: Model): void {
    const values = structuredClone(to) as Record<string, unknown>
    for (const name of Object.keys(model)) if (!(name in values)) delete (model as Record<string, unknown>)[name]
    Object.assign(model, values)
    refuse([])
  }

  return { model, isBusy, problem, general, send, reset, refuse }
}

function isInside(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`)
}
