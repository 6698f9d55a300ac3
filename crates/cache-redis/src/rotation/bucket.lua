-- One quota: { cooling = { since, until, reason }, streak, probation, probed, late, flying, sent, refused, tokens, minute, day,
-- told, learned }; what is nought or false is left out. A cooling's reason is 1 for a limit, 2 for a quota that is used up.

local Bucket = {}

local MINUTE, DAY = 60200, 86400000
local SHORTEST, SECOND_WAIT, LONGEST_GUESS = 1000, 2000, 3600000

-- Rooms; where several are needed the greatest counts.
local FREE, TIGHT, BUSY, AT = 1, 2, 3, 4

-- The room of two buckets that a request needs both.
local function both(one, one_at, other, other_at)
  if one == other then return one, one_at and max(one_at, other_at) end
  if one > other then return one, one_at end
  return other, other_at
end

-- Whether a request of so many tokens may be sent, and from when.
function Bucket.room(b, tokens, limits)
  if b.cooling then
    if b.cooling[2] > NOW then return AT, b.cooling[2] end
    touched[b] = true
    b.cooling, b.probation, b.late = nil, not b.late or nil, nil
  end
  if b.probed then return BUSY end
  local in_flight = b.flying or 0
  if limits.c and in_flight >= limits.c then return BUSY end
  local at, tight = NOW, NOW
  local requests = limits.r
  if b.learned then
    at = Learned.place(b.learned, in_flight)
    if not at then return BUSY end
    local rate = Learned.rate(b.learned)
    requests = rate and requests and min(rate, requests) or rate or requests
  end
  if b.minute then
    if requests then at = max(at, Window.room_for_request(b.minute, requests)) end
    if limits.t then tight = Window.room_for_tokens(b.minute, tokens, limits.t) end
  end
  if limits.d and b.day then at = max(at, Window.room_for_request(b.day, limits.d)) end
  if b.told then
    for resource = 1, 4 do
      local told = b.told[resource]
      local slides = told and resource == 1 and b.minute and Told.slides(told)
      if slides then
        at = max(at, Window.room_for_request(b.minute, slides))
      elseif told then
        local free_at = Told.room(told, resource == 1 and 1 or tokens, in_flight)
        if not free_at then return BUSY end
        if resource == 1 or told.left == 0 then at = max(at, free_at) else tight = max(tight, free_at) end
      end
    end
  end
  if at > NOW then return AT, at end
  if tight > NOW then return TIGHT, tight end
  return FREE
end

-- Counts a request that is about to be sent; gives the load with it.
function Bucket.reserve(b, tokens, limits, learns)
  touched[b] = true
  b.flying, b.sent = (b.flying or 0) + 1, ((b.sent or 0) + 1) % WRAP
  if tokens > 0 then b.tokens = (b.tokens or 0) + tokens end
  b.probed = b.probation
  local is_limited = limits.r or limits.t
  local in_minute = 1
  if learns or is_limited then
    b.minute = b.minute or Window.new(MINUTE)
    Window.add(b.minute, 1, tokens)
    in_minute = Window.requests(b.minute)
  end
  if limits.d then
    b.day = b.day or Window.new(DAY)
    Window.add(b.day, 1, 0)
  end
  if b.told then
    for resource = 1, 4 do
      if b.told[resource] then Told.reserve(b.told[resource], resource == 1 and 1 or tokens) end
    end
  end
  return { b.flying, in_minute, b.sent, b.learned and Learned.released_ms(b.learned) or U32 }
end

-- A request has ended that was counted with `reserved` tokens and used `used`.
function Bucket.release(b, reserved, used)
  touched[b] = true
  local in_flight, tokens = max((b.flying or 0) - 1, 0), max((b.tokens or 0) - reserved, 0)
  b.flying, b.tokens = in_flight > 0 and in_flight or nil, tokens > 0 and tokens or nil
  if in_flight == 0 then b.probed = nil end
  if b.learned then Learned.release(b.learned) end
  if not used or not b.minute then return end
  if used > reserved then
    Window.add(b.minute, 0, min(used - reserved, U32))
  elseif used < reserved then
    Window.take_back(b.minute, 0, reserved - used)
  end
end

-- Whether a request was sent before the last refusal was known.
function Bucket.is_old(b, load)
  return (load[3] - (b.refused or 0) - 1) % WRAP > 2147483647
end

-- The upstream served a request; under `load`, where the bucket learns.
function Bucket.accept(b, load)
  touched[b] = true
  local is_old = load and Bucket.is_old(b, load)
  if not is_old then b.streak, b.probation, b.probed = nil, nil, nil end
  -- Where the upstream tells its limits there is nothing to be found out.
  if not load or (b.told and not b.learned) then return end
  b.learned = b.learned or Learned.new()
  Learned.accept(b.learned, load, not is_old)
end

function Bucket.shrug(b)
  touched[b] = true
  b.probed = nil
end

-- Of several cooldowns the one that ends last holds.
function Bucket.cool(b, cooling)
  touched[b] = true
  if not b.cooling or b.cooling[2] < cooling[2] then b.cooling = cooling end
  return b.cooling
end

function Bucket.cool_along(b, cooling, is_only_late)
  b.late = (is_only_late and (not b.cooling or b.late)) or nil
  return Bucket.cool(b, cooling)
end

-- A request was refused without being processed: it used nothing.
function Bucket.take_back(b, tokens)
  touched[b] = true
  if b.minute then Window.take_back(b.minute, 1, tokens) end
  if b.day then Window.take_back(b.day, 1, 0) end
  b.probed = nil
end

function Bucket.guess(b)
  local limit = b.learned and Learned.rate(b.learned)
  local at = limit and b.minute and Window.room_for_request(b.minute, limit) or NOW
  local streak = b.streak or 0
  local again = streak > 1 and SECOND_WAIT * 2 ^ min(max(streak - 2, 0), 16) or SHORTEST
  return min(max(at - NOW, again), LONGEST_GUESS)
end

-- The upstream refused a request without processing it. Gives when the bucket may serve again.
function Bucket.refuse(b, after, reason, load, tokens)
  touched[b] = true
  local is_echo = (b.cooling and b.cooling[2] > NOW) or Bucket.is_old(b, load)
  local was_probed = b.probed
  Bucket.take_back(b, tokens)
  -- Of requests that are sent together any may be the one that is refused: what is left of all of them counts.
  local in_minute = b.minute and Window.requests(b.minute) or 0
  load = { load[1], max(load[2], in_minute + 1), load[3], load[4] }
  local streak = b.streak or 0
  if is_echo then
    -- It was on its way already when the first was refused, and shows no more than how many were too many.
    if b.learned and streak == 1 then
      Learned.refuse_more_lately(b.learned, in_minute)
    elseif b.learned and streak == 0 and not b.late then
      Learned.refuse_more_at_once(b.learned, max((b.flying or 0) - 1, 0))
    end
    b.probed = was_probed
    local cooling = { NOW, NOW + (after or 0), reason }
    return cooling[2] > NOW and Bucket.cool(b, cooling) or b.cooling or cooling
  end
  b.streak, b.refused = min(streak + 1, U32), b.sent or 0
  local conclusion, lateness = nil, nil
  -- Numbers that were told are better than any guess; a refusal after a refusal shows nothing new.
  if b.streak == 1 and not b.told and reason == 1 then
    b.learned = b.learned or Learned.new()
    conclusion, lateness = Learned.refuse(b.learned, load)
  end
  if b.streak > 1 and b.learned then Learned.refuse_again(b.learned) end
  local wait = after
  if not wait then
    if conclusion == 'concurrency' then
      wait = SHORTEST / 4
    elseif conclusion == 'late' then
      wait = floor(lateness / 1000)
    else
      wait = Bucket.guess(b)
    end
  end
  b.late = conclusion == 'late' or nil
  -- The next refusal may show something else.
  if conclusion == 'concurrency' or conclusion == 'late' then b.streak = nil end
  return Bucket.cool(b, { NOW, NOW + wait, reason })
end

-- Takes up what the answer to the request of `load` told of the limits. What was sent after it is not in it yet.
function Bucket.observe(b, readings, load, tokens, retry_after)
  touched[b] = true
  local later = min(((b.sent or 0) - load[3]) % WRAP, b.flying or 0)
  for _, reading in ipairs(readings) do
    if reading.remaining then
      local used = reading.resource == 1 and later or later * tokens
      b.told = b.told or {}
      local held = b.told[reading.resource]
      b.told[reading.resource] = Told.observe(held, reading, load[3], used, (b.flying or 0) <= 1, retry_after)
    end
  end
end

function Bucket.revive(b)
  touched[b] = true
  b.cooling, b.probation, b.probed, b.streak = nil, nil, nil, nil
end

function Bucket.cooling(b)
  return b and b.cooling and b.cooling[2] > NOW and b.cooling or nil
end
