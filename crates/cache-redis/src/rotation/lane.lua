-- The keys that may serve one model, in the order in which they are asked.
--
-- In Redis a lane is a hash with a seat for each key and the buckets of quota groups (`g` and the name), a sorted set for each
-- tier (the line), one of those that rest by the time of their return, and one of those that are parked, by holder and turn.
-- A seat is { b = bucket, p = pass, a = where it is, and then: x = the score, m = the member there, z = its tier }; it is in
-- line ('q'), at rest ('r'), parked ('k', x = the holder) or away ('w').

-- What one use of a key of weight 1 costs under the strategy `weighted`.
local STRIDE = 1048576
-- How the member of a line begins where no equal scores are told apart.
local FIRST_PLACE = padded(0) .. ':'

-- A lane as it is in this call.
function Lane.open(model, held)
  local lane = Store.lanes[model]
  if lane then return lane end
  local key = BASE .. ':lane:' .. string.format('%.0f', held.i)
  lane = { model = model, held = held, key = key, seats = {}, groups = {}, lines = {} }
  lane.resting, lane.parked = key .. ':r', key .. ':p'
  Store.lanes[model] = lane
  return lane
end

-- The lane of a model, as it is kept: '-' for requests that name none, else '=' and the name. Nil where there is none.
function Lane.peek(model)
  local lane = Store.lanes[model]
  if lane == nil then
    local held = call('HGET', BASE .. ':lanes', model)
    if held then return Lane.open(model, unpacked(held)) end
    Store.lanes[model] = false
  end
  return lane or nil
end

function Lane.all()
  local held, lanes = call('HGETALL', BASE .. ':lanes'), {}
  for at = 1, #held, 2 do lanes[#lanes + 1] = Lane.open(held[at], unpacked(held[at + 1])) end
  for model, lane in pairs(Store.lanes) do
    -- One that was made in this call.
    if lane and lane.is_new then lanes[#lanes + 1] = lane end
  end
  return lanes
end

-- A seat as it is kept. One that nobody has used yet is short: those of a lane are often written all at once.
function Lane.seat_of(held)
  local tier, pass, score, member = string.match(held, '^q|(%d+)|(%d+)|(%d+)|(.*)$')
  if not tier then return unpacked(held) end
  return { b = {}, p = tonumber(pass), a = 'q', x = tonumber(score), m = member, z = tonumber(tier) }
end

function Lane.text_of(seat)
  if seat.a ~= 'q' or next(seat.b) ~= nil then return pack(seat) end
  return string.format('q|%.0f|%.0f|%.0f|%s', seat.z, seat.p, seat.x, seat.m)
end

-- Loads keys of the pool and their seats, all those together that are not yet.
function Lane.load(lane, ids)
  Store.load(ids)
  local unknown = {}
  for _, id in ipairs(ids) do
    if lane.seats[id] == nil then unknown[#unknown + 1] = id end
  end
  if #unknown == 0 then return end
  for at, held in ipairs(call('HMGET', lane.key, unpack(unknown))) do
    lane.seats[unknown[at]] = held and Lane.seat_of(held) or false
  end
end

-- Loads the keys of a set that a model's requests were sent with.
function Lane.load_for(model, set)
  local lane, ids = Lane.peek(model), {}
  for id in pairs(set) do ids[#ids + 1] = id end
  if lane then Lane.load(lane, ids) else Store.load(ids) end
end

function Lane.seat(lane, id)
  local seat = lane.seats[id]
  if seat == nil then
    Lane.load(lane, { id })
    seat = lane.seats[id]
  end
  return seat or nil
end

-- The bucket of a quota group for this model; nil where it has none yet and none is to be `made`.
function Lane.group(lane, name, made)
  local bucket = lane.groups[name]
  if bucket == nil then
    local held = call('HGET', lane.key, 'g' .. name)
    bucket = held and unpacked(held) or false
  end
  if not bucket and made then bucket = {} end
  lane.groups[name] = bucket
  return bucket or nil
end

function Lane.forget(lane)
  local parked = call('ZRANGE', lane.parked, 0, -1)
  for _, member in ipairs(parked) do Lane.count_parked(string.match(member, '^([^%z]*)'), -1) end
  for tier in pairs(lane.held.t) do Line.forget(Line.open(lane, tier)) end
  call('UNLINK', lane.key, lane.resting, lane.parked)
  call('HDEL', BASE .. ':lanes', lane.model)
  lane.is_gone = true
  Store.lanes[lane.model] = false
end

-- How many keys wait for a holder, in all lanes together.
function Lane.count_parked(holder, change)
  Store.has_parked = nil
  if call('HINCRBY', BASE .. ':parked', holder, change) <= 0 then call('HDEL', BASE .. ':parked', holder) end
end

-- Whether any key waits for a holder.
function Lane.has_parked()
  if Store.has_parked == nil then Store.has_parked = call('EXISTS', BASE .. ':parked') == 1 end
  return Store.has_parked
end

-- Takes a key from where it is.
function Lane.leave(lane, id, seat)
  Lane.follow(lane)
  if seat.a == 'q' then
    Line.remove(Line.open(lane, seat.z), seat.m)
  elseif seat.a == 'r' then
    call('ZREM', lane.resting, seat.m)
  elseif seat.a == 'k' then
    call('ZREM', lane.parked, seat.m)
    Lane.count_parked(seat.x, -1)
  end
  touched[seat] = true
  seat.a, seat.x, seat.m, seat.z = 'w', nil, nil, nil
end

-- Puts a lane in order for the strategy that the pool has by now.
function Lane.follow(lane)
  if lane.held.s ~= Store.policy.strategy then Lane.reorder(lane) end
end

-- Where the strategy wants a key: the score and the member, which tells equal scores apart.
function Lane.rank(lane, id, seat, in_flight)
  local held, strategy = lane.held, Store.policy.strategy
  local turn, score, second = held.n, held.n, 0
  if strategy == 'weighted' then
    -- Who was away does not make up for it.
    seat.p = max(seat.p, held.v)
    score, second = seat.p, turn
  elseif strategy == 'least_in_flight' then
    score, second = in_flight, turn
  elseif strategy == 'fill_first' then
    score, second = 0, tonumber(id)
  elseif strategy == 'random' then
    score, second = Store.random(), turn
  end
  held.n = turn + 1
  touched[lane] = true
  return score, (second == 0 and FIRST_PLACE or padded(second) .. ':') .. id
end

-- The tiers of the keys in line, the best first.
function Lane.tiers(lane)
  if not lane.tiers then
    lane.tiers = {}
    for tier in pairs(lane.held.t) do lane.tiers[#lane.tiers + 1] = tier end
    table.sort(lane.tiers)
  end
  return lane.tiers
end

function Lane.know_tier(lane, tier)
  if lane.held.t[tier] then return end
  lane.held.t[tier], lane.tiers = true, nil
  touched[lane] = true
end

-- Puts a key where its strategy wants it.
function Lane.line_up(lane, id, in_flight)
  local seat = Lane.seat(lane, id)
  if not seat then return end
  Lane.follow(lane)
  local was_in_line, before = seat.a == 'q', seat.m
  if not was_in_line then Lane.leave(lane, id, seat) end
  local of_pool = Store.member(id)
  local tier = of_pool and of_pool.static.t or 0
  local score, member = Lane.rank(lane, id, seat, in_flight)
  -- Where it is called the same there, it only moves.
  if was_in_line and (before ~= member or seat.z ~= tier) then Line.remove(Line.open(lane, seat.z), before) end
  touched[seat] = true
  seat.a, seat.x, seat.m, seat.z = 'q', score, member, tier
  Lane.know_tier(lane, tier)
  Line.put(Line.open(lane, tier), id, score, member)
end

-- A key was picked: it goes where its next turn is.
function Lane.picked(lane, id, in_flight)
  local seat = Lane.seat(lane, id)
  if seat then
    local weight = min(max(Store.member(id).static.w or 1, 1), 65536)
    lane.held.v = max(lane.held.v, seat.p)
    seat.p = seat.p + floor(STRIDE / weight)
  end
  Lane.line_up(lane, id, in_flight)
end

-- Takes a key out of line until a time.
function Lane.rest(lane, id, till)
  local seat = Lane.seat(lane, id)
  if not seat then return end
  Lane.leave(lane, id, seat)
  seat.a, seat.x, seat.m = 'r', till, padded(tonumber(id)) .. ':' .. id
  call('ZADD', lane.resting, till, seat.m)
end

-- Takes a key out of line until its holder has a request less.
function Lane.park(lane, id, holder)
  local seat = Lane.seat(lane, id)
  if not seat then return end
  Lane.leave(lane, id, seat)
  lane.held.k = lane.held.k + 1
  touched[lane] = true
  seat.a, seat.x, seat.m = 'k', holder, holder .. '\0' .. padded(lane.held.k) .. ':' .. id
  call('ZADD', lane.parked, 0, seat.m)
  Lane.count_parked(holder, 1)
end

function Lane.send_away(lane, id)
  local seat = Lane.seat(lane, id)
  if seat then Lane.leave(lane, id, seat) end
end

-- A holder has a request less: gives the key that may be back in line, which its caller lines up.
function Lane.unpark(lane, holder)
  local first = call('ZRANGEBYLEX', lane.parked, '[' .. holder .. '\0', '(' .. holder .. '\1', 'LIMIT', 0, 1)[1]
  return first and id_of(first)
end

-- Takes a key out of the lane.
function Lane.remove(lane, id)
  local seat = Lane.seat(lane, id)
  if not seat then return end
  Lane.leave(lane, id, seat)
  call('HDEL', lane.key, id)
  lane.seats[id] = false
end

-- Puts the keys whose time has come back in line, the first to return first. In one call no time passes.
function Lane.let_return(lane)
  if lane.has_returned then return end
  lane.has_returned = true
  while true do
    local due = call('ZRANGEBYSCORE', lane.resting, '-inf', NOW, 'LIMIT', 0, 100)
    if #due == 0 then return end
    for _, member in ipairs(due) do Lane.line_up(lane, id_of(member), 0) end
  end
end
