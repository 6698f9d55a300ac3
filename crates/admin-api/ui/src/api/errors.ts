// What a request to the server can end in besides its answer.
export interface FieldProblem {
  field: string
  message: string
}

/** The server refused, or did not answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: FieldProblem[] = [],
    /** How long to wait before the next try, in seconds. */
    readonly retryAfter: number | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Nothing came back: the network or the server is away. */
  get isLost(): boolean {
    return this.status === 0
  }

  /** What was to be changed is not any more as it was read. */
  get isChanged(): boolean {
    return this.status === 412
  }
}

export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  return errorFrom(response, parsed(text))
}

/** Of an answer whose body was read already. */
export function errorFrom(response: Response, body: unknown): ApiError {
  const { error, fields } = (typeof body === 'object' && body !== null ? body : {}) as { error?: unknown; fields?: FieldProblem[] }
  const message = typeof error === 'string' ? error : `${response.status} ${response.statusText}`.trim()
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(response.status, message, Array.isArray(fields) ? fields : [], Number.isFinite(wait) ? wait : null)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
