-- How lanes are made.

-- How many models of a service have a lane of their own at once; the one unused for longest is forgotten first.
local LANES = 64

-- Whether a name fits one of some patterns, in which `*` stands for any text, in any case.
function Lane.fits(globs, model)
  if not globs or model == '-' then return true end
  local name = string.lower(string.sub(model, 2))
  for _, glob in ipairs(globs) do
    local parts, from = {}, 1
    for part in string.gmatch(string.lower(glob) .. '*', '([^*]*)%*') do parts[#parts + 1] = part end
    local is_match = string.sub(name, 1, #parts[1]) == parts[1]
    if #parts == 1 then
      is_match = name == parts[1]
    elseif is_match then
      from = #parts[1] + 1
      for at = 2, #parts - 1 do
        local _, finish = string.find(name, parts[at], from, true)
        if finish == nil then is_match = false break end
        from = finish + 1
      end
      local last = parts[#parts]
      is_match = is_match and #name - from + 1 >= #last and (last == '' or string.sub(name, -#last) == last)
    end
    if is_match then return true end
  end
  return false
end

-- Makes the keys that may serve its model the members of a new lane, in order. The one time that all keys are walked over.
function Lane.fill(lane)
  local total = call('ZCARD', BASE .. ':order')
  local out = {}
  for _, id in ipairs(call('SMEMBERS', BASE .. ':out')) do out[id] = true end
  for first = 0, total - 1, CHUNK do
    local ids = call('ZRANGE', BASE .. ':order', first, first + CHUNK - 1)
    local texts = call('HMGET', BASE .. ':keys', unpack(ids))
    local seats, lines = {}, {}
    for at, id in ipairs(ids) do
      local static = Store.static_of(texts[at])
      if static and Lane.fits(static.m, lane.model) then
        seats[#seats + 1] = id
        local seat = { b = {}, p = 0, a = 'w' }
        if not out[id] then
          seat.a, seat.z = 'q', static.t or 0
          seat.x, seat.m = Lane.rank(lane, id, seat, 0)
          Lane.add(lines, seat)
        end
        seats[#seats + 1] = Lane.text_of(seat)
      end
    end
    call_in_chunks('HSET', lane.key, seats)
    Lane.line_up_all(lane, lines)
  end
end

-- Puts everybody who is in line there anew: the strategy has changed.
function Lane.reorder(lane)
  lane.held.s = Store.policy.strategy
  touched[lane] = true
  local ready = {}
  -- Places of two strategies do not go together, as one may be another's: nobody is in line while it is made anew.
  for _, tier in ipairs(Lane.tiers(lane)) do
    local line = Line.open(lane, tier)
    for _, member in ipairs(Line.all(line)) do ready[#ready + 1] = id_of(member) end
    Line.forget(line)
  end
  for first = 1, #ready, CHUNK do
    local ids = { unpack(ready, first, min(first + CHUNK - 1, #ready)) }
    local texts = call('HMGET', lane.key, unpack(ids))
    local seats, lines = {}, {}
    for at, id in ipairs(ids) do
      local known = lane.seats[id]
      local seat = known or Lane.seat_of(texts[at])
      seat.x, seat.m = Lane.rank(lane, id, seat, 0)
      Lane.add(lines, seat)
      if known then
        touched[known] = true
      else
        seats[#seats + 1], seats[#seats + 2] = id, Lane.text_of(seat)
      end
    end
    call_in_chunks('HSET', lane.key, seats)
    Lane.line_up_all(lane, lines)
  end
end

-- Gathers places by tier, and takes them all at once.
function Lane.add(lines, seat)
  local line = lines[seat.z] or {}
  line[#line + 1], line[#line + 2] = seat.x, seat.m
  lines[seat.z] = line
end

function Lane.line_up_all(lane, lines)
  for tier, line in pairs(lines) do
    Lane.know_tier(lane, tier)
    Line.put_all(Line.open(lane, tier), line)
  end
end

-- The lane of a model, made where there is none.
function Lane.take(model)
  local held = Store.held
  held.uses = held.uses + 1
  touched[Store] = true
  local lane = Lane.peek(model)
  if not lane then
    if call('HLEN', BASE .. ':lanes') >= LANES then
      local oldest = nil
      for _, other in ipairs(Lane.all()) do
        if not oldest or other.held.u < oldest.held.u then oldest = other end
      end
      Lane.forget(oldest)
    end
    held.lanes = held.lanes + 1
    -- The number, the next turn, how far the line has come, the last use, the last turn of those parked, the tiers, and
    -- the strategy of the order.
    lane = Lane.open(model, { i = held.lanes, n = 0, v = 0, u = 0, k = 0, t = {}, s = Store.policy.strategy })
    lane.is_new = true
    Lane.fill(lane)
  end
  Lane.follow(lane)
  lane.held.u = held.uses
  touched[lane] = true
  return lane
end
