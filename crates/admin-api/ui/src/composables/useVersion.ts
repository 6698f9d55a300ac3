// The version of what a form changes: what somebody else wrote meanwhile is not overwritten unasked. Whoever sends the form again
// after that was said does so on purpose.
import { ApiError } from '@/api/errors'

export function useVersion() {
  let version: string | undefined

  /** The form begins with this version. */
  const know = (of: string | undefined): void => void (version = of)

  async function guard<Answer>(change: (version: string | undefined) => Promise<Answer>): Promise<Answer> {
    try {
      return await change(version)
    } catch (cause) {
      if (cause instanceof ApiError && cause.isChanged) version = undefined
      throw cause
    }
  }

  return { know, guard }
}
