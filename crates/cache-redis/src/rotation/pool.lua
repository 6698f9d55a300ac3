-- One service's pool: picking, learning, giving back.

local Pool = {}

-- How many sessions of a service are remembered; those unused for longest are forgotten first.
local SESSIONS = 16384
local DEAD_PROBE_FIRST, DEAD_PROBE_LONGEST = 60000, 21600000
-- How long a key that a test found limited, or whose model was forgotten, is left alone where the upstream did not say.
local UNTOLD_WAIT = 10000
-- What a lease names: the key or the model, and of it the key's own bucket or its quota group's.
local KEY, MODEL = 1, 2

-- Holders are in order as text: keys by number, then quota groups by name.
local function holder_of_key(id)
  return 'k' .. padded(tonumber(id))
end

local function holder_of_group(name)
  return 'q' .. name
end

-- The room that a key has for a request, from when, and who lacks it; nil for a key that is out of use.
function Pool.room(lane, id, tokens)
  local member, seat = Store.member(id), Lane.seat(lane, id)
  if not member or member.out or not seat then return nil end
  local own, own_at = Bucket.room(member.bucket, tokens, Store.limits_of(member))
  own, own_at = both(own, own_at, Bucket.room(seat.b, tokens, NO_LIMITS))
  local group = member.static.g
  if not group then return own, own_at, nil end
  local shared, shared_at = Bucket.room(Store.group(group, true), tokens, Store.group_limits(group))
  shared, shared_at = both(shared, shared_at, Bucket.room(Lane.group(lane, group, true), tokens, NO_LIMITS))
  local room, at = both(own, own_at, shared, shared_at)
  return room, at, shared == BUSY and own ~= BUSY and group or nil
end

function Pool.remember(session, id)
  local keys, uses = BASE .. ':sessions', BASE .. ':sessions:used'
  touched[Store] = true
  call('HSET', keys, session, id)
  call('ZADD', uses, Store.held.session, session)
  Store.held.session = Store.held.session + 1
  if call('ZCARD', uses) > SESSIONS then call('HDEL', keys, call('ZPOPMIN', uses)[1]) end
end

-- Counts a use of a key, and gives the lease.
function Pool.take(lane, id, session, tokens)
  local member, seat = Store.member(id), Lane.seat(lane, id)
  local group, group_load = member.static.g, nil
  local in_flight = Bucket.reserve(member.bucket, tokens, Store.limits_of(member), false)[1]
  local is_probe = member.bucket.probed
  if group then
    local all, of_model = Store.group(group, true), Lane.group(lane, group, true)
    Bucket.reserve(all, tokens, Store.group_limits(group), false)
    group_load = Bucket.reserve(of_model, tokens, NO_LIMITS, true)
    is_probe = is_probe or all.probed or of_model.probed
  end
  -- What a group's key runs into is the group's limit.
  local load = Bucket.reserve(seat.b, tokens, NO_LIMITS, not group)
  is_probe = is_probe or seat.b.probed
  Lane.picked(lane, id, in_flight)
  if Store.policy.strategy == 'least_in_flight' then
    for _, other in ipairs(Lane.all()) do
      local there = other ~= lane and Lane.seat(other, id)
      if there and there.a == 'q' then Lane.line_up(other, id, in_flight) end
    end
  end
  if session then Pool.remember(session, id) end
  return { k = id, m = lane.model, g = group, t = tokens, l = load, h = group_load, p = is_probe }
end

-- Looks for a key that can serve in one line, from a place on to another. Gives a lease, or what was found instead.
function Pool.walk(lane, tier, from, places, found, request)
  local line = Line.open(lane, tier)
  while places > 0 do
    local id = Line.at(line, from)
    if not id then return nil end
    local room, at, group = Pool.room(lane, id, request.tokens)
    if room and room ~= AT and request.tried[id] then
      -- It keeps its place for the next request.
      from = from + 1
    elseif room == FREE then
      return Pool.take(lane, id, request.session, request.tokens)
    elseif room == AT then
      Lane.rest(lane, id, at)
    elseif room == TIGHT then
      found.at = min(found.at or at, at)
      from = from + 1
    elseif room == BUSY then
      found.is_busy = true
      Lane.park(lane, id, group and holder_of_group(group) or holder_of_key(id))
    else
      Lane.send_away(lane, id)
    end
    places = places - 1
  end
end

-- The next key that can serve: a lease, or nil, when to try again, and whether one only waits for a request to end.
function Pool.pick(model, request)
  local lane = Lane.take(model)
  Lane.let_return(lane)
  local session, pinned = request.session, request.is_pinned
  local own = session and (Store.policy.affinity or pinned) and call('HGET', BASE .. ':sessions', session)
  if own then
    local room, at = Pool.room(lane, own, request.tokens)
    if room == FREE and not request.tried[own] then return Pool.take(lane, own, session, request.tokens) end
    if pinned and (room == AT or room == TIGHT) then return nil, at, false end
    if pinned and room == BUSY then return nil, nil, true end
  end
  local found = { at = nil, is_busy = false }
  for _, tier in ipairs(Lane.tiers(lane)) do
    local lease = nil
    if Store.policy.strategy == 'random' then
      -- Random choices begin anywhere and come round.
      local before = Line.count(Line.open(lane, tier), Store.random())
      lease = Pool.walk(lane, tier, before, math.huge, found, request)
        or Pool.walk(lane, tier, 0, before, found, request)
    else
      lease = Pool.walk(lane, tier, 0, math.huge, found, request)
    end
    if lease then return lease end
  end
  local returns_at = Pool.first_return(lane, request.tokens)
  if returns_at then found.at = min(found.at or returns_at, returns_at) end
  return nil, found.at, found.is_busy or call('EXISTS', lane.parked) == 1
end

-- When the first resting key returns. What has happened since it went to rest may keep it longer.
function Pool.first_return(lane, tokens)
  while true do
    local first = call('ZRANGE', lane.resting, 0, 0, 'WITHSCORES')
    if #first == 0 then return nil end
    local id, till = id_of(first[1]), tonumber(first[2])
    local room, at = Pool.room(lane, id, tokens)
    if room == AT and at > till then
      Lane.rest(lane, id, at)
    elseif room then
      return till
    else
      Lane.send_away(lane, id)
    end
  end
end

-- Does something with every bucket in which a lease is counted: act(scope, whether it is the group's, bucket, load).
function Pool.each_bucket(lease, act)
  local member, group = Store.member(lease.k), lease.h and lease.g
  if member then act(KEY, false, member.bucket, lease.l) end
  local shared = group and Store.group(group)
  if shared then act(KEY, true, shared, lease.h) end
  local lane = Lane.peek(lease.m)
  if not lane then return end
  local seat = Lane.seat(lane, lease.k)
  if seat then act(MODEL, false, seat.b, lease.l) end
  shared = group and Lane.group(lane, group)
  if shared then act(MODEL, true, shared, lease.h) end
end

-- Something has changed for a key, or its quota group: whoever waits for that is back in line.
function Pool.call_back(lease)
  local is_least = Store.policy.strategy == 'least_in_flight'
  if not (is_least or Lane.has_parked()) then return end
  local member = Store.member(lease.k)
  local in_flight = member and member.bucket.flying or 0
  local holders = { holder_of_key(lease.k), lease.g and holder_of_group(lease.g) }
  local counts = Lane.has_parked() and call('HMGET', BASE .. ':parked', unpack(holders)) or {}
  if not (counts[1] or counts[2] or is_least) then return end
  for _, lane in ipairs(Lane.all()) do
    for at, holder in ipairs(holders) do
      local id = counts[at] and Lane.unpark(lane, holder)
      if id then Lane.line_up(lane, id, in_flight) end
    end
    local seat = is_least and Lane.seat(lane, lease.k)
    if seat and seat.a == 'q' then Lane.line_up(lane, lease.k, in_flight) end
  end
end

-- A lease's request was served as usual, and has ended: what `learn` and `settle` do, in one walk.
function Pool.settle_served(lease, used)
  local in_group = lease.g ~= nil
  Pool.each_bucket(lease, function(of, is_group, bucket, load)
    Bucket.accept(bucket, of == MODEL and is_group == in_group and load or nil)
    Bucket.release(bucket, lease.t, used)
    if lease.p then Bucket.shrug(bucket) end
  end)
  local member = Store.member(lease.k)
  if member and member.out then Pool.revive(lease.k) end
  -- That the key serves calls one back, and that it serves one less another.
  Pool.call_back(lease)
  Pool.call_back(lease)
end

-- A lease's request has ended.
function Pool.settle(lease, used)
  Pool.each_bucket(lease, function(_, _, bucket)
    Bucket.release(bucket, lease.t, used)
    -- It may have ended without any answer.
    if lease.p then Bucket.shrug(bucket) end
  end)
  Pool.call_back(lease)
end
