-- The limits of one client key: what `rotator_domain::metering` says, in one place for all nodes.
--
-- KEYS[1] is the client's prefix, with a hash tag. ARGV: the verb, the caller's node, the silence in milliseconds after which a
-- node counts as ended, and what the verb takes. Which window is open the caller says by its clock: nodes whose clocks differ
-- are for a moment in different windows, of which each keeps to its limit.
--
-- BASE is a hash: `epoch` (which life of it this is), `flight` (requests in flight), `usual:t`, `usual:n` (what requests usually
-- use), `known:UNIT:SPAN` (that what is missing was not used), `checked`. BASE:UNIT:SPAN:START is a hash of what was used (`u`)
-- and reserved (`r`) in a window, which expires by itself. BASE:leases:NODE holds what a node has reserved, by tickets.

local call, ceil, max = redis.call, math.ceil, math.max
local BASE, VERB, NODE, SILENCE = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
-- Where the arguments of the verb begin, and how many a limit takes.
local FIRST, WIDTH = 4, 5
-- A request counts for so many-th of what is usual.
local WEIGHT = 8
-- In milliseconds: how often somebody looks for nodes that have ended.
local LOOK_EVERY = 1000
-- How many reservations are given back in one call.
local AT_ONCE = 100

local time = call('TIME')
local SERVER = time[1] * 1000 + math.floor(time[2] / 1000)

-- A number as Redis reads it: Lua would write a large one with an exponent.
local function whole(number)
  return string.format('%.0f', number)
end

local function leases_of(node)
  return BASE .. ':leases:' .. node
end

local function number_of(key, field)
  return tonumber(call('HGET', key, field) or 0)
end

-- The limits from an argument on: name, window, limit, whether it must be known, and the window's life in milliseconds.
local function gauges_from(first)
  local gauges = {}
  for at = first, #ARGV - WIDTH + 1, WIDTH do
    gauges[#gauges + 1] = {
      unit = string.sub(ARGV[at], 1, 1), name = ARGV[at], window = ARGV[at + 1], limit = tonumber(ARGV[at + 2]),
      is_kept = ARGV[at + 3] == '1', life = tonumber(ARGV[at + 4]),
    }
  end
  return gauges
end

-- The places of the limits of which it is not known what was used.
local function unknown(gauges)
  local places = {}
  for at, gauge in ipairs(gauges) do
    if gauge.is_kept and call('HEXISTS', BASE, 'known:' .. gauge.name) == 0 then places[#places + 1] = at - 1 end
  end
  return places
end

-- How much is reserved: a bound, or what is usual, and at least something.
local function amount(value, is_bound, usual)
  if is_bound == '1' then return tonumber(value) end
  return max(tonumber(call('HGET', BASE, usual) or value), 1)
end

local function learn(usual, used)
  if not used or used == 0 then return end
  local before = tonumber(call('HGET', BASE, usual) or used)
  local step = before < used and ceil((used - before) / WEIGHT) or -ceil((before - used) / WEIGHT)
  call('HSET', BASE, usual, whole(before + step))
end

-- Adds to a window that is still there.
local function add(window, field, more)
  local key = BASE .. ':' .. window
  if more == 0 or call('EXISTS', key) == 0 then return end
  if call('HINCRBY', key, field, whole(more)) < 0 then call('HSET', key, field, 0) end
end

-- Puts what was used (by unit) in the place of what a ticket has reserved, once; without a number as much as that.
local function settle(node, ticket, used)
  local held = call('HGET', leases_of(node), ticket)
  if not held then return end
  call('HDEL', leases_of(node), ticket)
  held = cmsgpack.unpack(held)
  if call('HINCRBY', BASE, 'flight', -1) < 0 then call('HSET', BASE, 'flight', 0) end
  for _, window in ipairs(held.w) do
    local unit = string.sub(window, 1, 1)
    add(window, 'r', -held[unit])
    add(window, 'u', used[unit] or held[unit])
  end
  learn('usual:t', used.t)
  learn('usual:n', used.n)
end

local NOTHING = { r = 0, t = 0, n = 0 }

-- A sign of life, and a look for a node that has ended: what it held is given back bit by bit, as if it had never been.
local function live()
  call('ZADD', BASE .. ':nodes', SERVER, NODE)
  if SERVER - number_of(BASE, 'checked') < LOOK_EVERY then return end
  call('HSET', BASE, 'checked', SERVER)
  for _, node in ipairs(call('ZRANGEBYSCORE', BASE .. ':nodes', '-inf', SERVER - SILENCE, 'LIMIT', 0, 2)) do
    if node ~= NODE then
      local some = call('HSCAN', leases_of(node), 0, 'COUNT', AT_ONCE)[2]
      for at = 1, #some, 2 do settle(node, some[at], NOTHING) end
      if call('EXISTS', leases_of(node)) == 0 then
        call('ZREM', BASE .. ':nodes', node)
      else
        -- There are more: the next call goes on.
        call('HSET', BASE, 'checked', 0)
      end
    end
  end
end

local function epoch()
  call('HSETNX', BASE, 'epoch', SERVER .. '.' .. NODE)
  return call('HGET', BASE, 'epoch')
end

-- How the limits stand: requests in flight, and of each limit what was used and what is reserved.
local function standing(gauges, numbers)
  numbers[#numbers + 1] = number_of(BASE, 'flight')
  for _, gauge in ipairs(gauges) do
    numbers[#numbers + 1] = number_of(BASE .. ':' .. gauge.window, 'u')
    numbers[#numbers + 1] = number_of(BASE .. ':' .. gauge.window, 'r')
  end
  return numbers
end

local Verbs = {}

-- The ticket, the most requests in flight or nothing, tokens and cost each with whether it is a bound, and the limits. Answers
-- whether it is admitted (or -1 with what is unknown), the epoch, the amounts and the standing.
function Verbs.admit()
  local ticket, concurrent, gauges = ARGV[FIRST], tonumber(ARGV[FIRST + 1]), gauges_from(FIRST + 6)
  live()
  local missing = unknown(gauges)
  if #missing > 0 then return { -1, epoch(), missing } end
  -- One whose answer was lost with its connection is told the same again.
  local held = call('HGET', leases_of(NODE), ticket)
  if held then
    held = cmsgpack.unpack(held)
    return { 1, epoch(), standing(gauges, { held.t, held.n }) }
  end
  local asked = {
    r = 1,
    t = amount(ARGV[FIRST + 2], ARGV[FIRST + 3], 'usual:t'),
    n = amount(ARGV[FIRST + 4], ARGV[FIRST + 5], 'usual:n'),
    w = {},
  }
  local before = standing(gauges, { asked.t, asked.n })
  local fits = not concurrent or before[3] < concurrent
  for at, gauge in ipairs(gauges) do
    fits = fits and before[2 + at * 2] + before[3 + at * 2] + asked[gauge.unit] <= gauge.limit
    asked.w[at] = gauge.window
  end
  if not fits then return { 0, epoch(), before } end
  for _, gauge in ipairs(gauges) do
    local key = BASE .. ':' .. gauge.window
    call('HINCRBY', key, 'r', whole(asked[gauge.unit]))
    if gauge.life > 0 then call('PEXPIRE', key, whole(gauge.life)) end
  end
  call('HINCRBY', BASE, 'flight', 1)
  call('HSET', leases_of(NODE), ticket, cmsgpack.pack(asked))
  return { 1, epoch(), standing(gauges, { asked.t, asked.n }) }
end

-- Tickets, each with requests, tokens and cost; what is empty counts as reserved.
function Verbs.settle()
  live()
  for at = FIRST, #ARGV - 3, 4 do
    settle(NODE, ARGV[at], { r = tonumber(ARGV[at + 1]), t = tonumber(ARGV[at + 2]), n = tonumber(ARGV[at + 3]) })
  end
  return 1
end

-- What was used elsewhere: the epoch that was known then, or nothing, then windows, each with an amount. Another epoch was
-- told of it already by whoever began it.
function Verbs.add()
  if ARGV[FIRST] ~= '' and call('HGET', BASE, 'epoch') ~= ARGV[FIRST] then return 0 end
  for at = FIRST + 1, #ARGV - 1, 2 do add(ARGV[at], 'u', tonumber(ARGV[at + 1])) end
  return 1
end

-- Limits, in the place of the limit what was used of it before.
function Verbs.seed()
  live()
  epoch()
  for _, gauge in ipairs(gauges_from(FIRST)) do
    if call('HSETNX', BASE, 'known:' .. gauge.name, 1) == 1 then
      local key = BASE .. ':' .. gauge.window
      call('HSET', key, 'u', whole(gauge.limit), 'r', 0)
      if gauge.life > 0 then call('PEXPIRE', key, whole(gauge.life)) end
    end
  end
  return 1
end

function Verbs.standing()
  local gauges = gauges_from(FIRST)
  local missing = unknown(gauges)
  if #missing > 0 then return { -1, '', missing } end
  return { 1, '', standing(gauges, { 0, 0 }) }
end

function Verbs.live()
  live()
  return 1
end

-- Windows of all time, which do not expire.
function Verbs.forget()
  for _, node in ipairs(call('ZRANGE', BASE .. ':nodes', 0, -1)) do call('UNLINK', leases_of(node)) end
  for at = FIRST, #ARGV do call('UNLINK', BASE .. ':' .. ARGV[at]) end
  return call('UNLINK', BASE, BASE .. ':nodes')
end

return Verbs[VERB]()
