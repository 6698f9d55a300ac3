-- Texts with a life of their own, bounded in number and in bytes together; what was not used for the longest time goes first.
--
-- KEYS[1] is the prefix, with a hash tag. Each text is a key that expires by itself; beside it are its last use, its end and
-- its size, and of all together the bytes. ARGV: the verb, the place's digest, and what the verb takes.

local call = redis.call
local BASE, VERB, PLACE = KEYS[1], ARGV[1], ARGV[2]
local USED, ENDS, SIZES, BYTES = BASE .. ':used', BASE .. ':ends', BASE .. ':sizes', BASE .. ':bytes'
-- How many that have ended are forgotten at once.
local AT_ONCE = 200

local time = call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)

local function text_of(place)
  return BASE .. ':text:' .. place
end

-- Forgets a text; tells whether there was one.
local function forget(place)
  local size = call('HGET', SIZES, place)
  if size then
    call('HDEL', SIZES, place)
    call('DECRBY', BYTES, size)
    call('ZREM', USED, place)
    call('ZREM', ENDS, place)
  end
  return call('UNLINK', text_of(place))
end

local Verbs = {}

-- The text, its size, its life in milliseconds, and the bounds of entries and bytes.
function Verbs.remember()
  local size, life, entries, bytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
  forget(PLACE)
  for _, place in ipairs(call('ZRANGEBYSCORE', ENDS, '-inf', NOW, 'LIMIT', 0, AT_ONCE)) do forget(place) end
  if size > bytes or entries < 1 then return 0 end
  while call('ZCARD', USED) >= entries or tonumber(call('GET', BYTES) or 0) + size > bytes do
    local oldest = call('ZRANGE', USED, 0, 0)[1]
    if not oldest then break end
    forget(oldest)
  end
  call('SET', text_of(PLACE), ARGV[3], 'PX', life)
  call('HSET', SIZES, PLACE, size)
  call('INCRBY', BYTES, size)
  call('ZADD', ENDS, NOW + life, PLACE)
  -- Of two uses in one millisecond the later is later.
  call('ZADD', USED, call('INCR', BASE .. ':uses'), PLACE)
  return 1
end

function Verbs.recall()
  local text = call('GET', text_of(PLACE))
  if text then
    call('ZADD', USED, 'XX', call('INCR', BASE .. ':uses'), PLACE)
  else
    forget(PLACE)
  end
  return text
end

function Verbs.forget()
  return forget(PLACE)
end

return Verbs[VERB]()
