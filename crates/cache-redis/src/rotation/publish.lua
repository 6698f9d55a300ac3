-- How a pool is published: its keys are laid down beside the live ones in parts, and one commit makes them live. The commit
-- walks only over the keys that were changed, and over the lanes that there are.

local Publish = {}

-- What is laid down and never made live is gone after so many seconds.
local STAGED_FOR = 120

local function staged(token, name)
  return BASE .. ':new:' .. token .. ':' .. name
end

-- Lays down some keys, each an id and its policy, in order from a place on.
function Publish.stage(token, place, first)
  local keys, order, changed = {}, {}, {}
  for from = first, #ARGV, CHUNK * 2 do
    local ids = {}
    for at = from, min(from + CHUNK * 2, #ARGV) - 1, 2 do ids[#ids + 1] = ARGV[at] end
    local live = call('HMGET', BASE .. ':keys', unpack(ids))
    for at, id in ipairs(ids) do
      local text = ARGV[from + at * 2 - 1]
      keys[#keys + 1], keys[#keys + 2] = id, text
      order[#order + 1], order[#order + 2] = place, id
      place = place + 1
      if live[at] ~= text then changed[#changed + 1] = id end
    end
  end
  call_in_chunks('HSET', staged(token, 'keys'), keys)
  call_in_chunks('ZADD', staged(token, 'order'), order)
  call_in_chunks('RPUSH', staged(token, 'changed'), changed)
  for _, name in ipairs({ 'keys', 'order', 'changed' }) do call('EXPIRE', staged(token, name), STAGED_FOR) end
end

-- Finds, among some of the live keys, those that are no longer in the pool. Gives how many it looked at.
function Publish.sweep(token, from, count)
  local ids = call('ZRANGE', BASE .. ':order', from, from + count - 1)
  local gone = {}
  for at = 1, #ids, CHUNK do
    local some = { unpack(ids, at, min(at + CHUNK - 1, #ids)) }
    for place, text in ipairs(call('HMGET', staged(token, 'keys'), unpack(some))) do
      if not text then gone[#gone + 1] = some[place] end
    end
  end
  call_in_chunks('RPUSH', staged(token, 'gone'), gone)
  call('EXPIRE', staged(token, 'gone'), STAGED_FOR)
  return #ids
end

local function make_live(token, name)
  if call('EXISTS', staged(token, name)) == 0 then
    call('DEL', BASE .. ':' .. name)
  else
    call('RENAME', staged(token, name), BASE .. ':' .. name)
    call('PERSIST', BASE .. ':' .. name)
  end
end

-- Makes the changed keys the members of a lane that there is, as they were changed; new ones come last.
function Publish.change(lane, changed, before, gone)
  local leaving = {}
  for at, id in ipairs(changed) do
    local member, seat = Store.member(id), Lane.seat(lane, id)
    if not member or not Lane.fits(member.static.m, lane.model) then
      leaving[#leaving + 1] = id
    elseif not seat then
      lane.seats[id] = { b = {}, p = lane.held.v, a = 'w' }
      touched[lane.seats[id]] = true
      if not member.out then Lane.line_up(lane, id, 0) end
    else
      local old = Store.static_of(before[at]) or NO_LIMITS
      if (old.t or 0) ~= (member.static.t or 0) or (old.w or 1) ~= (member.static.w or 1) then
        Lane.leave(lane, id, seat)
        seat.p = lane.held.v
        Lane.line_up(lane, id, 0)
      end
    end
  end
  -- Who waits for a quota group may have left it.
  for _, member in ipairs(call('ZRANGE', lane.parked, 0, -1)) do Lane.line_up(lane, id_of(member), 0) end
  for _, id in ipairs(leaving) do Lane.remove(lane, id) end
  for _, id in ipairs(gone) do Lane.remove(lane, id) end
end

-- Forgets all that there is of the service.
function Publish.forget()
  for _, lane in ipairs(Lane.all()) do Lane.forget(lane) end
  for _, node in ipairs(call('ZRANGE', BASE .. ':nodes', 0, -1)) do call('UNLINK', Leases.of(node)) end
  local names = { 'keys', 'order', 'members', 'groups', 'lanes', 'parked', 'out', 'sessions', 'sessions:used', 'nodes' }
  for at, name in ipairs(names) do names[at] = BASE .. ':' .. name end
  call('UNLINK', BASE, unpack(names))
end

-- Makes what was laid down the pool.
function Publish.commit(token, digest, policy, seed)
  local is_new = not Store.open()
  -- A server that is short of memory may have dropped a part of the pool.
  if is_new then Publish.forget() end
  local lanes = is_new and {} or Lane.all()
  -- A lane that is not used follows a change of the strategy later, but each by itself.
  for _, lane in ipairs(lanes) do Lane.follow(lane) end
  local changed, gone = call('LRANGE', staged(token, 'changed'), 0, -1), call('LRANGE', staged(token, 'gone'), 0, -1)
  local before = {}
  for first = 1, #lanes > 0 and #changed or 0, CHUNK do
    local some = { unpack(changed, first, min(first + CHUNK - 1, #changed)) }
    for at, text in ipairs(call('HMGET', BASE .. ':keys', unpack(some))) do before[first + at - 1] = text end
  end
  make_live(token, 'keys')
  make_live(token, 'order')
  call('DEL', staged(token, 'changed'), staged(token, 'gone'))
  call('HSET', BASE, 'policy', policy, 'digest', digest)
  if is_new then
    Store.held = { uses = 0, random = seed % 2147483646 + 1, checked = 0, lanes = 0, session = 0 }
    touched[Store] = true
  end
  Store.policy = cjson.decode(policy)
  Store.policy.limits = Store.policy.limits or NO_LIMITS
  for _, lane in ipairs(lanes) do
    Publish.change(lane, changed, before, gone)
  end
  for first = 1, #gone, CHUNK do
    local last = min(first + CHUNK - 1, #gone)
    call('HDEL', BASE .. ':members', unpack(gone, first, last))
    call('SREM', BASE .. ':out', unpack(gone, first, last))
  end
  -- What was loaded of those that have left must not come back.
  for _, id in ipairs(gone) do Store.members[id] = nil end
end
