-- Limits that an upstream enforces and does not tell, found by running into them.
--
-- A cap is { limit, since, patience, raises, trial, doubted }. What was learned is { rate, most = the cap of those in flight,
-- refused, peaks = { in flight, in a minute, and both of the epoch before }, epoch, returned = { since, count },
-- struck = { at, count }, row = { since, the cap before }, released, late = { micros, ended } }. A load is
-- { in flight, in a minute, number, milliseconds since one ended }.

local Cap, Learned = {}, {}

local FIRST_PATIENCE, LONGEST_PATIENCE = 30000, 120000
local TRIAL, DOUBT = 60000, 150000
local ECHO, EPOCH, MINUTE_OVER = 5000, 60000, 75000
-- In microseconds.
local FIRST_LATENESS, LONGEST_LATENESS = 20000, 1000000
local JUST_ENDED, SLOW_START = 100, 4

local function since(time)
  return max(NOW - time, 0)
end

-- === cap ===

function Cap.new(limit)
  return { limit = limit, since = NOW, patience = FIRST_PATIENCE, raises = 0 }
end

function Cap.copy(cap)
  if not cap then return nil end
  local copy = {}
  for name, value in pairs(cap) do copy[name] = value end
  return copy
end

function Cap.allowed(cap)
  if since(cap.since) < cap.patience then return cap.limit end
  return cap.limit + max(floor(cap.limit / 2 ^ max(6 - cap.raises, 0)), 1)
end

function Cap.accept(cap, accepted)
  if not cap or accepted <= cap.limit then return cap end
  cap.trial = cap.trial or NOW
  if since(cap.trial) < TRIAL then return cap end
  -- The true limit is no lower; what comes next is tried at once.
  return { limit = accepted, since = NOW, patience = 0, raises = min(cap.raises + 1, 255) }
end

function Cap.refuse(old, limit, least)
  local found = Cap.new(limit)
  if not old then return found end
  local is_near = limit >= old.limit - floor(old.limit / 8)
  local is_tried = old.trial or Cap.allowed(old) > old.limit or limit > old.limit
  if is_near and is_tried then
    -- The try with a little more showed that the limit is right.
    found.limit, found.patience = old.limit, min(max(old.patience, FIRST_PATIENCE / 2) * 2, LONGEST_PATIENCE)
  elseif not is_near then
    return found
  elseif old.doubted and since(old.doubted) < DOUBT then
    local lowered = old.limit - min(max(floor(old.limit / 32), 1), old.limit - 1)
    found.limit = least and min(max(least, lowered), old.limit) or lowered
    found.doubted = NOW
  else
    found.doubted, found.patience = NOW, max(old.patience, FIRST_PATIENCE)
  end
  return found
end

-- === learned ===

function Learned.new()
  return { refused = false, peaks = { 0, 0, 0, 0 } }
end

function Learned.rate(l)
  return l.rate and Cap.allowed(l.rate)
end

function Learned.slow_start(l)
  local age = l.epoch and since(l.epoch) or math.huge
  local new = age < EPOCH * 2 and l.peaks[1] or 0
  local old = age < EPOCH and l.peaks[3] or 0
  return max(new, old) * 2 + SLOW_START
end

-- The most requests in flight; nil when no limit was found.
function Learned.concurrency(l)
  local cap = l.most and Cap.allowed(l.most)
  local start = l.refused and Learned.slow_start(l)
  if cap and start then return min(cap, start) end
  return cap or start or nil
end

-- The first time at which a place is free; nil as long as one must end.
function Learned.place(l, in_flight)
  local most = Learned.concurrency(l)
  if not most then return NOW end
  local left = most - in_flight
  if left <= 0 then return nil end
  return l.late and Window.room_for_request(l.late.ended, left) or NOW
end

function Learned.release(l)
  l.released = NOW
  if l.late then Window.add(l.late.ended, 1, 0) end
end

function Learned.released_ms(l)
  return l.released and min(since(l.released), U32) or U32
end

function Learned.turn(l)
  l.epoch = l.epoch or NOW
  local age = since(l.epoch)
  if age >= EPOCH then
    local is_old = age >= EPOCH * 2
    l.peaks = { 0, 0, is_old and 0 or l.peaks[1], is_old and 0 or l.peaks[2] }
    l.epoch = NOW
  end
end

local function set_lateness(late, nanos)
  late.micros = floor(nanos / 1000)
  late.ended[1] = floor(nanos / 1000000)
end

function Learned.accept(l, load, is_fresh)
  Learned.turn(l)
  l.peaks[1], l.peaks[2] = max(l.peaks[1], load[1]), max(l.peaks[2], load[2])
  if not is_fresh then return end
  l.row = nil
  l.returned = l.returned or { NOW, 0 }
  l.returned[2] = l.returned[2] + 1
  l.rate = Cap.accept(l.rate, load[2])
  l.most = Cap.accept(l.most, load[1])
  if l.late then
    local nanos = l.late.micros * 1000
    set_lateness(l.late, nanos - floor(nanos / 128))
  end
end

-- Gives how long the place of one that had ended is not free, in microseconds; nil where it cannot be that.
function Learned.be_late(l, load)
  local held, ended = l.late and l.late.micros or 0, load[4] * 1000
  if ended >= LONGEST_LATENESS or held >= LONGEST_LATENESS then return nil end
  local lateness = min(max(FIRST_LATENESS, held * 3, ended * 2), LONGEST_LATENESS)
  l.late = l.late or { micros = 0, ended = Window.new(0) }
  set_lateness(l.late, lateness * 1000)
  Window.add(l.late.ended, 1, 0)
  return lateness
end

-- There may be too many at once; false says that it is not that.
function Learned.strike(l, load, accepted)
  local recent = l.struck and since(l.struck[1]) < ECHO and l.struck[2] or 0
  local below = max(load[1] - 1, 1)
  local is_within = l.most and load[1] <= l.most.limit
  if is_within then
    if recent > 1 then return false end
    if recent == 1 then l.most = Cap.new(below) end
  elseif recent == 0 then
    l.most = Cap.refuse(l.most, max(below, min(accepted, load[1])), nil)
  else
    -- Those on their way already say nothing new.
    return true
  end
  l.struck = { NOW, recent + 1 }
  return true
end

-- A request was refused under this load, without numbers. Gives 'concurrency', 'rate', or 'late' and the microseconds.
function Learned.refuse(l, load)
  Learned.turn(l)
  l.refused = true
  local in_flight, in_minute = max(l.peaks[1], l.peaks[3], 1), max(l.peaks[2], l.peaks[4])
  local is_rate_low = load[2] * 4 < in_minute * 3
  local is_rate_met = l.rate and load[2] * 8 > l.rate.limit * 7
  local has_just_ended = not l.rate and load[4] < JUST_ENDED
  local cap = l.most and l.most.limit
  if cap and load[1] <= cap and load[1] * 2 >= cap and not is_rate_met then
    local lateness = Learned.be_late(l, load)
    if lateness then return 'late', lateness end
  end
  local is_at_once = load[1] > in_flight
    or (load[1] > 1 and load[1] == in_flight and (is_rate_low or has_just_ended))
    or (cap and load[1] >= cap and load[2] > 1)
  if is_at_once and Learned.strike(l, load, in_flight) then return 'concurrency' end
  l.row = { NOW, Cap.copy(l.rate) }
  local returned = l.returned
  l.returned = nil
  local limit = max(load[2] - 1, 0)
  -- Where nothing was accepted lately the quota was used before, or elsewhere: that shows no limit.
  if limit > 0 then
    local least = returned and since(returned[1]) < EPOCH and returned[2] * 2 >= limit and returned[2] or nil
    l.rate = Cap.refuse(l.rate, limit, least)
  end
  return 'rate'
end

function Learned.refuse_more_at_once(l, others)
  if l.most then l.most.limit = min(l.most.limit, max(others, l.peaks[1], l.peaks[3], 1)) end
end

function Learned.refuse_more_lately(l, in_minute)
  if l.rate and in_minute > 0 then l.rate.limit = min(l.rate.limit, in_minute) end
end

function Learned.refuse_again(l)
  -- Such a quota is one of an hour or a day, which says nothing of minutes.
  if l.row and since(l.row[1]) > MINUTE_OVER then l.rate = Cap.copy(l.row[2]) end
end
