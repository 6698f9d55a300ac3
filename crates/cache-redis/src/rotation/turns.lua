-- The verbs of every request: they take and give back leases. Those that come together are done in one call, one after the
-- other, so that what they have in common is loaded and written once.

-- Of each ticket, the lease that is held or false; and what is to be written of them at the end.
local mine, kept, gone = {}, {}, {}

-- Takes a key. The lease is told by the key alone where it is no probe, as nearly all are.
local function pick(ticket, model, request)
  -- A pick whose answer was lost with its connection is told the same again.
  local lease, retry_at, is_busy = mine[ticket], nil, false
  if not lease then
    lease, retry_at, is_busy = Pool.pick(model, request)
    if not lease then return { 0, retry_at and retry_at - SHIFT or false, is_busy and 1 or 0 } end
    mine[ticket] = lease
    kept[#kept + 1], kept[#kept + 2] = ticket, Leases.text_of(lease)
  end
  return lease.p and { 1, lease.k } or lease.k
end

-- The model, the tokens, the session, whether it is pinned, how many keys were tried, and these. Gives where to go on.
local function pick_with(ticket, at)
  local request = { tokens = number_at(at + 1), is_pinned = ARGV[at + 3] == '1', tried = {} }
  if ARGV[at + 2] ~= '' then request.session = ARGV[at + 2] end
  local finish = at + 4 + number_at(at + 4)
  for place = at + 5, finish do request.tried[ARGV[place]] = true end
  return pick(ticket, ARGV[at], request), finish + 1
end

-- Gives a key back: what the answer said, or nothing, and the tokens that were used, if that is known.
local function settle(ticket, said, used)
  local lease = mine[ticket]
  -- It was given back before.
  if not lease then return 0 end
  mine[ticket] = false
  gone[#gone + 1] = ticket
  if said == Pool.SERVED then
    Pool.settle_served(lease, used)
  else
    if said ~= '' then Pool.learn(lease, Pool.reading_of(said)) end
    Pool.settle(lease, used)
  end
  return 1
end

-- What is asked for by most picks: nothing but a key.
local PLAIN = { tokens = 0, is_pinned = false, tried = {} }

-- One turn, at its first word: a pick or an end with all that belongs to them, or one that has a single word. Such an end was
-- served, and such a pick is for the model that it names. Gives the answer and where to go on.
local function turn(ticket, at)
  local word = ARGV[at]
  if word == 'settle' then return settle(ticket, ARGV[at + 1], number_at(at + 2)), at + 3 end
  if word == 'pick' then return pick_with(ticket, at + 1) end
  if word == Pool.SERVED then return settle(ticket, word), at + 1 end
  return pick(ticket, word, PLAIN), at + 1
end

-- How many there are and the ticket of each; then what each is and what it takes. Gives an answer to each.
function Verbs.turns()
  Leases.live()
  Leases.reap()
  local count = number_at(FIRST)
  local tickets = { unpack(ARGV, FIRST + 1, FIRST + count) }
  local held, keys = call('HMGET', Leases.of(NODE), unpack(tickets)), {}
  for place, ticket in ipairs(tickets) do
    local lease = held[place] and Leases.lease_of(held[place])
    mine[ticket] = lease
    if lease then
      keys[lease.m] = keys[lease.m] or {}
      keys[lease.m][lease.k] = true
    else
      WANTED = WANTED + 1
    end
  end
  for model, ids in pairs(keys) do Lane.load_for(model, ids) end
  local answers, at = {}, FIRST + count + 1
  for place, ticket in ipairs(tickets) do
    answers[place], at = turn(ticket, at)
  end
  call_in_chunks('HSET', Leases.of(NODE), kept)
  if #gone > 0 then call('HDEL', Leases.of(NODE), unpack(gone)) end
  return answers
end

-- A sign of life.
function Verbs.live()
  Leases.live()
  Leases.reap()
  return 1
end
