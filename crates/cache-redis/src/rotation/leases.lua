-- Who holds which lease, and what becomes of those of a node that has ended.
--
-- A node's leases are in a hash of its own, by tickets that it gives them. Any call of a node is a sign of its life; one from
-- which none came for a while has ended, and its leases are given back by whoever calls next.

local Leases = {}

-- In milliseconds: how often somebody looks for nodes that have ended.
local LOOK_EVERY = 1000
-- How many leases are given back in one call.
local AT_ONCE = 100

function Leases.of(node)
  return BASE .. ':leases:' .. node
end

function Leases.live()
  call('ZADD', BASE .. ':nodes', SERVER, NODE)
end

-- A lease as it is kept.
function Leases.text_of(lease)
  local load, of_group = lease.l, lease.h or {}
  return pack(lease.k, lease.m, lease.g or false, lease.t, lease.p or false, load[1], load[2], load[3], load[4],
    of_group[1], of_group[2], of_group[3], of_group[4])
end

function Leases.lease_of(text)
  local key, model, group, tokens, is_probe, l1, l2, l3, l4, h1, h2, h3, h4 = unpacked(text)
  return {
    k = key,
    m = model,
    g = group or nil,
    t = tokens,
    p = is_probe,
    l = { l1, l2, l3, l4 },
    h = h1 and { h1, h2, h3, h4 },
  }
end

function Leases.get(ticket)
  local held = call('HGET', Leases.of(NODE), ticket)
  return held and Leases.lease_of(held) or nil
end

-- Gives back some leases of a node that has ended, if there is one and nobody looked for it lately.
function Leases.reap()
  local held = Store.held
  if SERVER >= held.checked and SERVER - held.checked < LOOK_EVERY then return end
  touched[Store] = true
  held.checked = SERVER
  for _, node in ipairs(call('ZRANGEBYSCORE', BASE .. ':nodes', '-inf', SERVER - SILENCE, 'LIMIT', 0, 2)) do
    if node ~= NODE then
      local some = call('HSCAN', Leases.of(node), 0, 'COUNT', AT_ONCE)[2]
      for at = 1, #some, 2 do
        if call('HDEL', Leases.of(node), some[at]) == 1 then Pool.settle(Leases.lease_of(some[at + 1])) end
      end
      if call('EXISTS', Leases.of(node)) == 0 then
        call('ZREM', BASE .. ':nodes', node)
      else
        -- There are more: the next call goes on.
        held.checked = 0
      end
    end
  end
end
