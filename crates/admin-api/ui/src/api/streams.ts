// Reading bodies as they come.

/** The lines of a body, without their ends. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const pieces = (rest + value).split('\n')
      rest = pieces.pop() ?? ''
      for (const piece of pieces) yield piece.replace(/\r$/, '')
    }
    if (rest !== '') yield rest
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Bodies that hold one JSON value a line. */
export async function* jsonLines<Value>(body: ReadableStream<Uint8Array>): AsyncGenerator<Value> {
  for await (const line of lines(body)) {
    if (line.trim() !== '') yield JSON.parse(line) as Value
  }
}

export interface ServerEvent {
  event: string
  data: string
}

/** The events of a `text/event-stream` (WHATWG HTML, section 9.2); comments and ids are passed over. */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let event = ''
  let data: string[] = []
  for await (const line of lines(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') }
      event = ''
      data = []
      continue
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (field === 'data') data.push(value ?? '')
    if (field === 'event') event = value ?? ''
  }
  if (data.length > 0) yield { event: event || 'message', data: data.join('\n') }
}
