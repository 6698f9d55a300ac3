-- Who holds which lease, and what becomes of those of a node that has ended.
--
-- A node's leases are in a hash of its own, by tickets that it gives them. Any call of a node is a sign of its life; one from
-- which none came for a while has ended, and its leases are given back by whoever calls next.

local Leases = {}

-- In milliseconds: how often somebody looks for nodes that have ended.
local LOOK_EVERY = 1000
-- How many leases are given back in one call.
local AT_ONCE = 100

local function leases_of(node)
  return BASE .. ':leases:' .. node
end

function Leases.live()
  call('ZADD', BASE .. ':nodes', SERVER, NODE)
end

function Leases.keep(ticket, lease)
  call('HSET', leases_of(NODE), ticket, pack(lease))
end

function Leases.get(ticket)
  local held = call('HGET', leases_of(NODE), ticket)
  return held and unpacked(held) or nil
end

-- Gives a lease back, once; false where it was given back before.
function Leases.settle(node, ticket, held, used)
  if not held or call('HDEL', leases_of(node), ticket) == 0 then return false end
  Pool.settle(held, used)
  return true
end

-- Gives back some leases of a node that has ended, if there is one and nobody looked for it lately.
function Leases.reap()
  local held = Store.held
  if SERVER >= held.checked and SERVER - held.checked < LOOK_EVERY then return end
  touched[Store] = true
  held.checked = SERVER
  for _, node in ipairs(call('ZRANGEBYSCORE', BASE .. ':nodes', '-inf', SERVER - SILENCE, 'LIMIT', 0, 2)) do
    if node ~= NODE then
      local some = call('HSCAN', leases_of(node), 0, 'COUNT', AT_ONCE)[2]
      for at = 1, #some, 2 do Leases.settle(node, some[at], unpacked(some[at + 1]), nil) end
      if call('EXISTS', leases_of(node)) == 0 then
        call('ZREM', BASE .. ':nodes', node)
      else
        -- There are more: the next call goes on.
        held.checked = 0
      end
    end
  end
end
