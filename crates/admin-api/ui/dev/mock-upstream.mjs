// An upstream to develop with. How it treats a request is in the name of the key: `limited` gets 429 for 20 s, `revoked` 401,
// `broke` 402, `flaky` 500 every other time; all others are served. Paths that end in /status/N answer N. MOCK_PORT=0 takes a free port.
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const port = Number(process.env.MOCK_PORT ?? 8472)
const WORDS = 'Round and round the keys go, each one has its turn; when one is tired the next one sings, and nobody will learn.'.split(' ')
let turn = 0

const keyOf = ({ headers, url }) =>
  headers.authorization?.replace(/^Bearer /, '') ?? headers['x-api-key'] ?? headers['x-goog-api-key'] ?? new URL(url, 'http://x').searchParams.get('key') ?? ''

function refusal(key) {
  turn += 1
  if (key.includes('limited')) return [429, { 'retry-after': '20' }]
  if (key.includes('revoked')) return [401, {}]
  if (key.includes('broke')) return [402, {}]
  if (key.includes('flaky') && turn % 2 === 0) return [500, {}]
  return null
}

async function stream(response, events) {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) {
    response.write(event)
    await wait(25)
  }
  response.end()
}

const data = (value) => `data: ${JSON.stringify(value)}\n\n`
const named = (value) => `event: ${value.type}\n${data(value)}`

const ANSWERS = {
  chat: ({ model, stream }) => {
    const chunk = (delta, finish_reason = null) => ({ id: 'chat-1', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason }] })
    const usage = { prompt_tokens: 12, completion_tokens: WORDS.length, total_tokens: 12 + WORDS.length }
    if (!stream) return { id: 'chat-1', object: 'chat.completion', created: 1, model, choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: WORDS.join(' ') } }], usage }
    return [data(chunk({ role: 'assistant', content: '' })), ...WORDS.map((word) => data(chunk({ content: `${word} ` }))), data(chunk({}, 'stop')), data({ ...chunk({}), choices: [], usage }), 'data: [DONE]\n\n']
  },
  messages: ({ model, stream }) => {
    const head = { id: 'msg-1', type: 'message', role: 'assistant', model, stop_sequence: null }
    if (!stream) return { ...head, content: [{ type: 'text', text: WORDS.join(' ') }], stop_reason: 'end_turn', usage: { input_tokens: 12, output_tokens: WORDS.length } }
    return [
      named({ type: 'message_start', message: { ...head, content: [], stop_reason: null, usage: { input_tokens: 12, output_tokens: 1 } } }),
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      ...WORDS.map((word) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: `${word} ` } })),
      named({ type: 'content_block_stop', index: 0 }),
      named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: WORDS.length } }),
      named({ type: 'message_stop' }),
    ]
  },
}

createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request) text += chunk
  const path = new URL(request.url, 'http://x').pathname
  const json = (status, value, headers = {}) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
  const refused = refusal(keyOf(request))
  const status = /\/status\/(\d{3})$/.exec(path)?.[1]
  if (refused) return json(refused[0], { error: { message: `status ${refused[0]}` } }, refused[1])
  if (status) return json(Number(status), { error: { message: `status ${status}` } })
  if (path.endsWith('/models')) return json(200, { object: 'list', data: [{ id: 'mock', object: 'model' }, { id: 'mock-large', object: 'model' }] })
  const kind = path.endsWith('/chat/completions') ? 'chat' : path.endsWith('/messages') ? 'messages' : null
  if (kind === null) return json(200, { path, body: text })
  await wait(40 + Math.random() * 160)
  const answer = ANSWERS[kind](JSON.parse(text || '{}'))
  if (Array.isArray(answer)) return stream(response, answer)
  return json(200, answer)
}).listen(port, '127.0.0.1', function () {
  console.log(`the mock upstream listens on http://127.0.0.1:${this.address().port}`)
})
