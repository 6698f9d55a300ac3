// Fills a new server with what a small team might have, for pictures: services, keys in every state, client keys, requests. The upstream
// is dev/mock-upstream.mjs, which treats a key as its name says.
const MODELS = { openai: ['gpt-4o', 'gpt-4o-mini'], anthropic: ['claude-sonnet-4-5'], deepseek: ['deepseek-chat'], groq: ['llama-3.3-70b'] }
const letters = (seed, length) => Array.from({ length }, (_, at) => 'abcdefghjkmnpqrstuvwxyz23456789'[(seed * 7919 + at * 104_729 + ((seed * at) % 13)) % 31]).join('')
const keys = (prefix, count, seed) => Array.from({ length: count }, (_, at) => `${prefix}${letters(seed + at, 28)}`)

/** `call` asks the admin API: a method, a path below it, a body. The answer makes some more requests. */
export async function fill(base, call, upstream) {
  const llm = (name, slug, more) => call('POST', 'proxy-configs', { name, slug, config_type: 'LLM', target_base_url: `${upstream}/v1`, output_format: 'auto', log_requests: 'bodies', ...more })
  const openai = await llm('OpenAI', 'openai', {
    api_format: 'openai_compatible',
    model_aliases: { fast: 'gpt-4o-mini' },
    quota_groups: { 'team west': { rpm: 500, tpm: 200_000 } },
    api_keys: [...keys('sk-proj-', 2, 1), ...keys('sk-proj-limited-', 2, 20), ...keys('sk-proj-revoked-', 1, 30), ...keys('sk-proj-broke-', 1, 40), ...keys('sk-proj-', 10, 3)],
  })
  const others = [
    ['Anthropic', 'anthropic', { api_format: 'anthropic_native', target_base_url: upstream, api_keys: [...keys('sk-ant-api03-', 7, 50), ...keys('sk-ant-api03-broke-', 1, 60)] }],
    ['DeepSeek', 'deepseek', { api_format: 'openai_compatible', api_keys: keys('sk-', 4, 70) }],
    ['Groq free tier', 'groq', { api_format: 'openai_compatible', strategy: 'weighted', api_keys: keys('gsk_', 11, 80), fallback: [{ slug: 'deepseek' }] }],
    ['Old pool', 'old', { api_format: 'openai_compatible', is_active: false, api_keys: keys('sk-', 4, 100) }],
  ]
  for (const [name, slug, more] of others) await llm(name, slug, more)
  await call('POST', 'proxy-configs', { name: 'Weather API', slug: 'weather', config_type: 'GENERIC', method: 'GET', target_url: `${upstream}/weather`, api_key_location: 'query', api_key_name: 'appid', api_keys: keys('', 2, 110) })

  const pool = await call('GET', `proxy-configs/${openai.id}/keys`)
  const change = { label: 'Billing account', quota_group: 'team west', weight: 3 }
  await call('POST', `proxy-configs/${openai.id}/keys/bulk`, { ids: pool.slice(8, 11).map(({ id }) => id), action: 'change', change })
  await call('PATCH', `keys/${pool[6].id}`, { label: 'Spare', tier: 1, limits: { rpm: 60, tpm: 40_000 }, models: ['gpt-4o*'] })
  await call('PATCH', `keys/${pool[7].id}`, { is_active: false, label: 'Laid aside' })

  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString()
  const shop = await call('POST', 'client-keys', { name: 'web shop', services: ['openai', 'deepseek'], limits: { rpm: 600, tpd: 200_000, budgets: [{ period: 'month', unit: 'usd', amount: 10 }] } })
  const research = await call('POST', 'client-keys', { name: 'research team', models: ['gpt-*', 'claude-*', 'llama-*', 'deepseek-*'], expires_at: soon })
  await call('POST', 'client-keys', { name: 'nightly batch', is_active: false })
  await call('POST', 'users', { name: 'joe', password: 'a-password-of-joe', role: 'operator' })
  await call('POST', 'users', { name: 'auditor', password: 'a-password-of-an-auditor', role: 'viewer' })
  await call('POST', 'tokens', { name: 'deployment', scope: 'operator', expires_in_days: 90 })
  await call('POST', 'webhooks', { name: 'On-call chat', url: `${upstream}/hook`, events: ['key.dead', 'pool.low'], services: ['openai'] })

  const ask = (slug, model, key, path, headers) =>
    fetch(`${base}/llm/${slug}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers(key) }, body: JSON.stringify({ model, max_tokens: 256, messages: [{ role: 'user', content: 'Which key is next?' }] }) }).then((answer) => answer.text())
  const bearer = (key) => ({ authorization: `Bearer ${key}` })
  for (let round = 0; round < 24; round += 1) {
    const asked = [ask('anthropic', MODELS.anthropic[0], research.key_value, 'v1/messages', (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }))]
    for (const slug of ['openai', 'deepseek']) for (const model of MODELS[slug]) asked.push(ask(slug, model, shop.key_value, 'chat/completions', bearer))
    asked.push(ask('groq', MODELS.groq[0], research.key_value, 'chat/completions', bearer))
    if (round % 8 === 0) asked.push(ask('openai', 'gpt-4o', 'rk-of-nobody', 'chat/completions', bearer), ask('openai', 'o3', research.key_value, 'chat/completions', bearer))
    await Promise.all(asked)
  }
  // So many that every key has its turn, and those that are limited rest again.
  return () => Promise.all(Array.from({ length: 20 }, () => ask('openai', 'gpt-4o', shop.key_value, 'chat/completions', bearer)))
}
