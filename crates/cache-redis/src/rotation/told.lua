-- What an upstream tells of one limit: { left, limit, at = when it resets, n = the request that told it, each = milliseconds
-- that bring one back, since = up to when it was refilled, failures, minute = whether it is of a minute, stale }.

local Told = {}

-- How long a limit without a reset time is believed.
local UNTOLD_RESET = 60000
-- After so many refusals of what should have refilled, the reset is waited for.
local MOST_FAILURES = 3
-- A reset that is further away is not that of a minute.
local LONGEST_MINUTE = 61000

-- Whether the first number comes after the second; they wrap.
local function is_newer(one, other)
  return one ~= other and (one - other) % WRAP < 2147483647
end

function Told.advance(t)
  if t.stale then return end
  if t.at <= NOW then
    t.stale = true
    -- Without a limit, one request shows how much there is.
    t.left = t.limit or 0
  elseif t.each then
    local gained = floor(max(NOW - t.since, 0) / max(t.each, 1))
    t.left = min(t.left + gained, t.limit or math.huge)
    t.since = t.since + gained * t.each
  end
end

-- Takes up a reading { resource, limit, remaining, after } and gives what is held from now on.
function Told.observe(held, reading, number, used, is_alone, retry_after)
  if held and is_newer(held.n, number) then return held end
  -- What is held may have been reset since it was last looked at.
  if held then Told.advance(held) end
  local remaining, after = reading.remaining, reading.after or UNTOLD_RESET
  local left = max(remaining - used, 0)
  local limit = reading.limit or (held and held.limit) or nil
  local returns_early = remaining == 0 and retry_after and retry_after + 2000 < after
  local in_window = held and not held.stale and held.at > NOW
  local is_partial = limit and remaining < limit - floor(limit / 4)
  local was_refilled = in_window and is_alone and is_partial and left > held.left + 1
  local has_refilled = held and held.each
  local failures = held and held.failures or 0
  if has_refilled and remaining == 0 and retry_after then failures = min(failures + 1, 255) end
  local refills = failures < MOST_FAILURES and (returns_early or was_refilled or has_refilled)
  -- Requests overtake one another on their way: what was counted here is no less true.
  if held and held.limit and not refills and not is_alone then left = min(left, held.left) end
  local missing = limit and max(limit - remaining, 0) or 0
  local each = nil
  if refills and missing > 0 then
    each = max(min(floor(after / missing), U32), 1)
  elseif refills and held then
    each = held.each
  end
  return {
    left = left,
    limit = limit,
    at = NOW + after,
    n = number,
    each = each,
    since = NOW,
    failures = failures,
    minute = after <= LONGEST_MINUTE and (not held or held.minute),
    stale = false,
  }
end

-- When there is enough left for `needed`; nil says to wait for one of those in flight.
function Told.room(t, needed, in_flight)
  Told.advance(t)
  needed = max(needed, 1)
  if t.left >= needed then return NOW end
  if t.stale then return in_flight == 0 and NOW or nil end
  if not t.each then return t.at end
  return max(min(t.since + t.each * (needed - t.left), t.at), NOW)
end

-- The limit of any 60 seconds, where what was used returns as unevenly as it was used.
function Told.slides(t)
  if t.minute and t.failures >= MOST_FAILURES and t.limit and t.limit <= U32 then return t.limit end
end

function Told.reserve(t, used)
  t.left = max(t.left - used, 0)
end
