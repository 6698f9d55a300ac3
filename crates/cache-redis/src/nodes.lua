-- Which nodes there are. KEYS[1] is the prefix, with a hash tag; ARGV: the verb, the caller's time, the silence after which a
-- node counts as ended, and for a sign of life the node and its version.

local call = redis.call
local SEEN, VERSIONS = KEYS[1] .. ':seen', KEYS[1] .. ':versions'

local time = call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local SHIFT = NOW - tonumber(ARGV[2])

if ARGV[1] == 'leave' then
  call('HDEL', VERSIONS, ARGV[4])
  return call('ZREM', SEEN, ARGV[4])
end
if ARGV[1] == 'live' then
  call('ZADD', SEEN, NOW, ARGV[4])
  call('HSET', VERSIONS, ARGV[4], ARGV[5])
  for _, node in ipairs(call('ZRANGEBYSCORE', SEEN, '-inf', NOW - ARGV[3])) do
    call('HDEL', VERSIONS, node)
    call('ZREM', SEEN, node)
  end
end
local live, nodes = call('ZRANGEBYSCORE', SEEN, NOW - ARGV[3] + 1, '+inf', 'WITHSCORES'), {}
for at = 1, #live, 2 do
  local version = call('HGET', VERSIONS, live[at]) or ''
  nodes[#nodes + 1] = { live[at], version, string.format('%.0f', live[at + 1] - SHIFT) }
end
return nodes
